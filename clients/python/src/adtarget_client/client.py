"""`AdTarget` and `AsyncAdTarget`: the same methods, blocking and awaitable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

import httpx

from adtarget_client import requests
from adtarget_client.errors import Unreachable, error_of
from adtarget_client.models import Amount, Channel, Conversion, Event, Lead, Page, Pii, Recorded, Send
from adtarget_client.requests import Request
from adtarget_client.retrying import Retries, may_repeat, seconds

R = TypeVar("R")
USER_AGENT = "adtarget-client-python/0.1.0"


class _Client:
    def __init__(self, base_url: str, api_key: str, *, timeout: float, retries: Retries) -> None:
        if not api_key.startswith("atk_"):
            raise ValueError("The API key starts with atk_live_ or atk_test_.")
        self._retries = retries
        self._options: dict[str, Any] = {
            "base_url": f"{base_url.rstrip('/')}/api/v1",
            "timeout": timeout,
            "headers": {
                "Authorization": f"Bearer {api_key}",
                "Content-Type": "application/json",
                "User-Agent": USER_AGENT,
            },
        }

    def _wait(self, tried: int, response: httpx.Response | None) -> float | None:
        """Seconds before another try; None where there is to be none."""
        if response is not None and not may_repeat(response.status_code):
            return None
        asked = seconds(response.headers.get("Retry-After")) if response is not None else None
        return self._retries.wait(tried, asked)


def _arguments(request: Request[Any]) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.path,
        "content": request.body,
        "params": request.query,
        "headers": request.headers,
    }


def _read(request: Request[R], response: httpx.Response) -> R:
    body = requests.decode(response.content)
    if response.is_success:
        return request.read(body)
    raise error_of(
        response.status_code,
        body,
        request_id=response.headers.get("X-Request-Id", ""),
        retry_after=seconds(response.headers.get("Retry-After")),
    )


class AdTarget(_Client):
    """The blocking client; usable as a context manager. Safe to share between threads.

    `transport` is handed to httpx: `adtarget_client.testing.FakeAdTarget().transport()` answers without a network.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = 10.0,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, api_key, timeout=timeout, retries=retries)
        self._http = httpx.Client(transport=transport, **self._options)

    def __enter__(self) -> AdTarget:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def record(self, event: Event, *, idempotency_key: str | None = None) -> Recorded:
        """Records an event and sends it to every ad platform of the site."""
        return self._send(requests.record(event, idempotency_key))

    def record_for_lead(self, telegram_user_id: int, event: Event, *, idempotency_key: str | None = None) -> Recorded:
        """The same for a known lead; site and channel are found in their history."""
        return self._send(requests.record_for_lead(telegram_user_id, event, idempotency_key))

    def validate(self, event: Event) -> Mapping[str, Any]:
        """What would happen to the event, per platform, without recording it."""
        return self._send(requests.validate(event))

    def submit_value(
        self,
        telegram_user_id: int,
        conversion_id: str,
        value: Amount,
        currency: str,
        *,
        pii: Pii | None = None,
        idempotency_key: str | None = None,
    ) -> bool:
        """The value of a purchase that awaited one."""
        return self._send(requests.submit_value(telegram_user_id, conversion_id, value, currency, pii, idempotency_key))

    def conversion(self, conversion_id: str) -> Conversion:
        return self._send(requests.get_conversion(conversion_id))

    def conversions(self, **filters: Any) -> Iterator[Conversion]:
        """All conversions that match, newest first; pages are fetched as you go. `order_id="A-17"`, `since=…`."""
        while True:
            page: Page = self._send(requests.list_conversions(filters))
            yield from page.conversions
            if not page.next_cursor:
                return
            filters["cursor"] = page.next_cursor

    def sends(self, **filters: Any) -> Iterator[Send]:
        """All sends that match, newest first: `status="failed"`, `platform="meta"`."""
        while True:
            page: Page = self._send(requests.list_sends(filters))
            yield from page.sends
            if not page.next_cursor:
                return
            filters["cursor"] = page.next_cursor

    def send(self, send_id: str) -> Send:
        return self._send(requests.get_send(send_id))

    def retry_send(self, send_id: str, *, idempotency_key: str | None = None) -> bool:
        return self._send(requests.retry_send(send_id, idempotency_key))

    def lead(self, telegram_user_id: int, **query: Any) -> Lead:
        """Everything known about a lead; `site_id=`, `limit=`, `before=`."""
        return self._send(requests.get_lead(telegram_user_id, query))

    def erase_lead(self, telegram_user_id: int) -> None:
        """Erases the person from the account, for good."""
        self._send(requests.erase_lead(telegram_user_id))

    def channels(self, **query: Any) -> tuple[Channel, ...]:
        return self._send(requests.list_channels(query))

    def me(self) -> Mapping[str, Any]:
        """The key: account, site, mode and limits."""
        return self._send(requests.get("/me"))

    def sites(self) -> Mapping[str, Any]:
        return self._send(requests.get("/sites"))

    def pixels(self) -> Mapping[str, Any]:
        return self._send(requests.get("/pixels"))

    def _send(self, request: Request[R]) -> R:
        tried = 0
        while True:
            tried += 1
            response, failure = None, None
            try:
                response = self._http.request(**_arguments(request))
            except httpx.TransportError as error:
                failure = error
            wait = self._wait(tried, response)
            if wait is None:
                if response is None:
                    raise Unreachable(f"No answer from the API: {failure}") from failure
                return _read(request, response)
            time.sleep(wait)


class AsyncAdTarget(_Client):
    """The same with `await`; `conversions()` and `sends()` are async iterators."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout: float = 10.0,
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, api_key, timeout=timeout, retries=retries)
        self._http = httpx.AsyncClient(transport=transport, **self._options)

    async def __aenter__(self) -> AsyncAdTarget:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def record(self, event: Event, *, idempotency_key: str | None = None) -> Recorded:
        return await self._send(requests.record(event, idempotency_key))

    async def record_for_lead(
        self, telegram_user_id: int, event: Event, *, idempotency_key: str | None = None
    ) -> Recorded:
        return await self._send(requests.record_for_lead(telegram_user_id, event, idempotency_key))

    async def validate(self, event: Event) -> Mapping[str, Any]:
        return await self._send(requests.validate(event))

    async def submit_value(
        self,
        telegram_user_id: int,
        conversion_id: str,
        value: Amount,
        currency: str,
        *,
        pii: Pii | None = None,
        idempotency_key: str | None = None,
    ) -> bool:
        return await self._send(
            requests.submit_value(telegram_user_id, conversion_id, value, currency, pii, idempotency_key)
        )

    async def conversion(self, conversion_id: str) -> Conversion:
        return await self._send(requests.get_conversion(conversion_id))

    async def conversions(self, **filters: Any) -> AsyncIterator[Conversion]:
        while True:
            page: Page = await self._send(requests.list_conversions(filters))
            for conversion in page.conversions:
                yield conversion
            if not page.next_cursor:
                return
            filters["cursor"] = page.next_cursor

    async def sends(self, **filters: Any) -> AsyncIterator[Send]:
        while True:
            page: Page = await self._send(requests.list_sends(filters))
            for send in page.sends:
                yield send
            if not page.next_cursor:
                return
            filters["cursor"] = page.next_cursor

    async def send(self, send_id: str) -> Send:
        return await self._send(requests.get_send(send_id))

    async def retry_send(self, send_id: str, *, idempotency_key: str | None = None) -> bool:
        return await self._send(requests.retry_send(send_id, idempotency_key))

    async def lead(self, telegram_user_id: int, **query: Any) -> Lead:
        return await self._send(requests.get_lead(telegram_user_id, query))

    async def erase_lead(self, telegram_user_id: int) -> None:
        await self._send(requests.erase_lead(telegram_user_id))

    async def channels(self, **query: Any) -> tuple[Channel, ...]:
        return await self._send(requests.list_channels(query))

    async def me(self) -> Mapping[str, Any]:
        return await self._send(requests.get("/me"))

    async def sites(self) -> Mapping[str, Any]:
        return await self._send(requests.get("/sites"))

    async def pixels(self) -> Mapping[str, Any]:
        return await self._send(requests.get("/pixels"))

    async def _send(self, request: Request[R]) -> R:
        tried = 0
        while True:
            tried += 1
            response, failure = None, None
            try:
                response = await self._http.request(**_arguments(request))
            except httpx.TransportError as error:
                failure = error
            wait = self._wait(tried, response)
            if wait is None:
                if response is None:
                    raise Unreachable(f"No answer from the API: {failure}") from failure
                return _read(request, response)
            await asyncio.sleep(wait)
