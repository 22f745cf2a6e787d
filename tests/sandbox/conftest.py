"""A sandbox on a port of its own, and a client that speaks to it over a real socket."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from adtarget.sandbox.server import Sandbox

HASH = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0) as running:
        yield running


@dataclass
class Client:
    """Sends right requests unless told otherwise. `None` in `headers` leaves one out."""

    url: str

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def post(self, path: str, body: Any, **headers: Any) -> requests.Response:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): one for name, one in headers.items()}
        return self.session.post(f"{self.url}{path}", data=data, headers=headers, timeout=5, allow_redirects=False)

    def meta(self, *events: Any, token: str = "EAA-good", path: str = "/v26.0/1234567890/events") -> requests.Response:
        return self.post(path, {"data": list(events or [meta_event()])}, Authorization=f"Bearer {token}")

    def tiktok(self, *events: Any, token: str | None = "good", **root: Any) -> requests.Response:
        body = {"event_source": "web", "event_source_id": "C4ABC", "data": list(events or [tiktok_event()]), **root}
        return self.post("/open_api/v1.3/event/track/", body, Access_Token=token)

    def snapchat(self, *events: Any, token: str = "good", suffix: str = "") -> requests.Response:
        path = f"/v3/0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f/events{suffix}"
        return self.post(path, {"data": list(events or [snapchat_event()])}, Authorization=f"Bearer {token}")

    def google(self, *events: Any, token: str = "ya29.good", **root: Any) -> requests.Response:
        body = {**google_document(), "events": list(events or [google_event()]), **root}
        return self.post("/v1/events:ingest", body, Authorization=f"Bearer {token}")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=5)
        return answer.json()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    made = Client(sandbox.url)
    yield made
    made.session.close()


def now() -> int:
    return int(time.time())


def changed(event: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The event with `a.b` set to the value, or to what it returns, or taken away for `...`."""
    event = json.loads(json.dumps(event))
    *way, last = place.split(".")
    owner = event
    for step in way:
        owner = owner[step]
    if value is ...:
        del owner[last]
    else:
        owner[last] = value() if callable(value) else value
    return event


def meta_event(event_id: str = "cnv_1") -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": now(),
        "event_id": event_id,
        "action_source": "website",
        "event_source_url": "https://acme.example/join?x=1",
        "user_data": {
            "em": [HASH],
            "client_ip_address": "2001:db8::1",
            "client_user_agent": AGENT,
            "fbc": "fb.1.1791990000123.IwAR0aBc-_",
            "fbp": "fb.1.1791990000000.1116446470",
        },
        "custom_data": {"currency": "USD", "value": 49.9, "order_id": "A-17"},
    }


def tiktok_event(event_id: str = "cnv_1") -> dict[str, Any]:
    return {
        "event": "Purchase",
        "event_time": now(),
        "event_id": event_id,
        "user": {"email": HASH, "ttclid": "E.C.P.abc", "ip": "203.0.113.9", "user_agent": AGENT},
        "page": {"url": "https://acme.example/join?ttclid=E.C.P.abc"},
        "properties": {"currency": "USD", "value": 49.9, "contents": [{"content_id": "vip", "quantity": 1}]},
    }


def snapchat_event(event_id: str = "cnv_1") -> dict[str, Any]:
    return {
        "event_name": "PURCHASE",
        "event_time": now(),
        "event_id": event_id,
        "action_source": "WEB",
        "event_source_url": "https://acme.example/join",
        "user_data": {
            "em": [HASH],
            "client_ip_address": "203.0.113.9",
            "client_user_agent": AGENT,
            "sc_click_id": "ad5f",
        },
        "custom_data": {"currency": "USD", "value": 49.9, "order_id": "A-17"},
    }


def google_document() -> dict[str, Any]:
    account = {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
    return {
        "destinations": [{"reference": "d1", "operatingAccount": account, "productDestinationId": "7654321"}],
        "encoding": "HEX",
    }


def google_event(event_id: str = "cnv_1") -> dict[str, Any]:
    return {
        "destinationReferences": ["d1"],
        "eventTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "transactionId": event_id,
        "eventSource": "WEB",
        "conversionValue": 49.9,
        "currency": "USD",
        "adIdentifiers": {"gclid": "Cj0KCQ"},
        "userData": {"userIdentifiers": [{"emailAddress": HASH}]},
        "eventDeviceInfo": {"userAgent": AGENT, "ipAddress": "203.0.113.9"},
    }
