"""A stand-in for the API in your own tests: answers without a network and keeps what it was asked.

fake = FakeAdTarget()
client = AdTarget("https://ads.example", "atk_test_x", transport=fake.transport())
client.record(Event(event_type="Lead", telegram_user_id=1))
assert fake.requests[0].body["eventType"] == "Lead"
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from adtarget_client import requests
from adtarget_client.webhooks import _signature


@dataclass(frozen=True)
class Asked:
    """A request that came in; `path` is without `/api/v1`."""

    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


class FakeAdTarget:
    """Answers each POST of an event as scheduled; `answer()` puts other answers first in line."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._answers: deque[tuple[int, Any, dict[str, str]]] = deque()

    def answer(self, status: int, body: Any = None, *, headers: Mapping[str, str] | None = None) -> None:
        """The next request gets this answer; call it several times for several requests."""
        self._answers.append((status, body, dict(headers or {})))

    def transport(self) -> httpx.MockTransport:
        """For `AdTarget` and `AsyncAdTarget` alike."""
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        body = requests.decode(request.content) if request.content else None
        self.requests.append(Asked(request.method, path, body, dict(request.headers)))
        if self._answers:
            status, document, headers = self._answers.popleft()
        else:
            status, document, headers = 200, self._usual(path, body), {}
        return httpx.Response(status, content=requests.encode(document), headers=headers)

    def _usual(self, path: str, body: Any) -> Any:
        number = len(self.requests)
        if path.endswith(("/value", "/retry")):
            return {"success": True}
        return _recorded(number)


def _recorded(number: int) -> dict[str, Any]:
    conversion = f"cnv_{number:026d}"
    return {
        "conversionId": conversion,
        "capiStatus": "pending",
        "coldLead": False,
        "dispatched": True,
        "siteId": "site_fake",
        "channelId": "chn_fake",
        "eventId": conversion,
        "sends": [{"sendId": f"snd_{number:026d}", "platform": "meta"}],
    }


def signed_headers(
    secret: str, body: bytes, *, message_id: str = "msg_fake", at: float | None = None
) -> dict[str, str]:
    """Headers with which `verify` accepts `body`, for tests of your webhook endpoint."""
    stamp = str(int(time.time() if at is None else at))
    signature = _signature(secret, f"{message_id}.{stamp}.".encode() + body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
