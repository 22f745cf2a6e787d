"""What the tests of all platforms share: a full event, a pixel, and short ways to ask."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adtarget.core.http_messages import HttpAnswer
from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.reading import Verdict
from dispatch.platforms.registry import PLATFORMS

#: Platforms that take JSON and name events, and answer in JSON; a postback has no language of its own.
FOUR = ["meta", "tiktok", "snapchat", "google"]
AD_PLATFORMS = [slug for slug in PLATFORMS if slug != "postback"]
OCCURRED_AT = datetime(2026, 10, 12, 9, 30, 0, 900_000, tzinfo=UTC)
FULL = OutgoingEvent(
    event_id="cnv_01JA",
    event_type=EventType.PURCHASE,
    occurred_at=OCCURRED_AT,
    event_source_url="https://shop.example/join?x=1",
    referrer="https://shop.example/",
    value=Decimal("49.9000"),
    currency="USD",
    content_name="VIP",
    order_id="A-17",
    email="e" * 64,
    email_google="0" * 64,
    phone_digits="d" * 64,
    phone_e164="1" * 64,
    first_name="f" * 64,
    last_name="a" * 64,
    external_id="b" * 64,
    client_ip="2001:db8::1",
    user_agent="Mozilla/5.0",
    fbc="fb.1.1791990000123.IwAR0aBc-_",
    fbp="fb.1.1791990000000.1116446470",
    ttclid="E.C.P.abc",
    ttp="2F7h",
    sccid="ad5f",
    sc_cookie1="c0ffee00",
    gclid="Cj0KCQ",
    gbraid="GB",
    wbraid="WB",
    more_ids={"rdt_cid": "R-1", "msclkid": "M-1", "epik": "E-1", "oppref": "O-1", "yclid": "123", "ym_uid": "456"},
)
BARE = OutgoingEvent(
    event_id="cnv_01JA",
    event_type=EventType.LEAD,
    occurred_at=OCCURRED_AT,
    event_source_url="https://shop.example/",
)
ACTIONS = {"conversionActions": {kind.value: f"70000{index}" for index, kind in enumerate(EventType)}}


def full(**changes: Any) -> OutgoingEvent:
    return replace(FULL, **changes)


def bare(**changes: Any) -> OutgoingEvent:
    return replace(BARE, **changes)


def pixel_of(slug: str, *, test_event_code: str = "", **options: Any) -> PixelConfig:
    needed: dict[str, Any] = {
        "google": {"pixel_id": "123-456-7890", "options": {**ACTIONS, **options}},
    }.get(slug, {"pixel_id": "P/1", "options": options})
    return PixelConfig(api_url="http://127.0.0.1:1", test_event_code=test_event_code, **needed)


def answer(status: int, body: Any = b"", **more: Any) -> HttpAnswer:
    return HttpAnswer(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode(), **more)


def verdict_of(slug: str, status: int, body: Any, **more: Any) -> Verdict:
    """The verdict for a request that carried one event."""
    (verdict,) = PLATFORMS[slug].read(answer(status, body, **more), 1)
    return verdict


def outcomes_of(slug: str, status: int, body: Any, *, count: int) -> list[Outcome]:
    return [verdict.outcome for verdict in PLATFORMS[slug].read(answer(status, body), count)]


def document_of(slug: str, *payloads: Payload, pixel: PixelConfig, test: bool = False) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PLATFORMS[slug].request(pixel, "token", payloads, test=test).body)
    return document


def seconds(number: int) -> timedelta:
    return timedelta(seconds=number)
