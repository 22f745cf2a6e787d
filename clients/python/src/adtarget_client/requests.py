"""The API's operations as plain requests, shared by the sync and the async client: no I/O here."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from adtarget_client.models import (
    Amount,
    Channel,
    Conversion,
    Event,
    Lead,
    Page,
    Pii,
    Recorded,
    Send,
    _camel,
    _value,
    exact,
)

R = TypeVar("R")


@dataclass(frozen=True)
class Request(Generic[R]):
    """`read` turns the parsed JSON of a 2xx answer into what the caller gets."""

    method: str
    path: str
    read: Callable[[Any], R]
    body: bytes | None = None
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None


def record(event: Event, idempotency_key: str | None) -> Request[Recorded]:
    return _post("/events/conversion", event.to_json(), Recorded.of, idempotency_key)


def record_for_lead(telegram_user_id: int, event: Event, idempotency_key: str | None) -> Request[Recorded]:
    return _post(f"/leads/{telegram_user_id}/events", event.to_json(), Recorded.of, idempotency_key)


def validate(event: Event) -> Request[Mapping[str, Any]]:
    return _post("/events/validate", event.to_json(), _as_it_is, None)


def submit_value(
    telegram_user_id: int, conversion_id: str, value: Amount, currency: str, pii: Pii | None, key: str | None
) -> Request[bool]:
    body = {"value": exact(value), "currency": currency, **({"pii": _value(pii)} if pii else {})}
    path = f"/leads/{telegram_user_id}/conversions/{_quoted(conversion_id)}/value"
    return _post(path, body, lambda answer: bool(answer["success"]), key)


def retry_send(send_id: str, key: str | None) -> Request[bool]:
    return _post(f"/sends/{_quoted(send_id)}/retry", {}, lambda answer: bool(answer["success"]), key)


def get_conversion(conversion_id: str) -> Request[Conversion]:
    return Request("GET", f"/conversions/{_quoted(conversion_id)}", Conversion.of)


def get_send(send_id: str) -> Request[Send]:
    return Request("GET", f"/sends/{_quoted(send_id)}", Send.of)


def get_lead(telegram_user_id: int, query: Mapping[str, Any]) -> Request[Lead]:
    return Request("GET", f"/leads/{telegram_user_id}", Lead.of, query=_query(query))


def erase_lead(telegram_user_id: int) -> Request[None]:
    return Request("DELETE", f"/leads/{telegram_user_id}", lambda _: None)


def list_channels(query: Mapping[str, Any]) -> Request[tuple[Channel, ...]]:
    def read(answer: Any) -> tuple[Channel, ...]:
        return tuple(Channel.of(item) for item in answer["channels"])

    return Request("GET", "/channels", read, query=_query(query))


def list_conversions(query: Mapping[str, Any]) -> Request[Page]:
    return Request("GET", "/conversions", Page.of, query=_query(query))


def list_sends(query: Mapping[str, Any]) -> Request[Page]:
    return Request("GET", "/sends", Page.of, query=_query(query))


def get(path: str) -> Request[Mapping[str, Any]]:
    """Look-ups whose answer is passed on as it is: /me, /sites, /pixels."""
    return Request("GET", path, _as_it_is)


def encode(document: Any) -> bytes:
    """JSON in UTF-8. A Decimal becomes a number with all its digits; a float is written as Python prints it."""
    mark = uuid.uuid4().hex
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=lambda value: _marked(value, mark))
    return re.sub(rf'"{mark}([-0-9.]+)"', r"\1", text).encode()


def decode(body: bytes) -> Any:
    """Parsed JSON, numbers with a fraction as Decimal; None where it is no JSON."""
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        return None


def _marked(value: Any, mark: str) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{mark}{value:f}"
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON.")


def _post(path: str, body: Mapping[str, Any], read: Callable[[Any], R], key: str | None) -> Request[R]:
    body = {
        name: Decimal(value) if name == "value" and isinstance(value, str) else value for name, value in body.items()
    }
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return Request("POST", path, read, body=encode(body), headers=headers)


def _query(given: Mapping[str, Any]) -> dict[str, str]:
    return {_camel(name): str(_value(value)) for name, value in given.items() if value is not None}


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _as_it_is(answer: Any) -> Any:
    return answer
