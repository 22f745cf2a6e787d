"""Snapchat: Conversions API v3.

Source: developers.snap.com, "Conversions API" (read in 2026-08), the schema of Snap's Java SDK, and measurements.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.platforms.base import ANY_PIXEL_ID, ClickId, Platform
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import DEFAULT_PHONE_REGION, EVENT_NAMES, LIMITED_DATA_USE, TOKEN_IN_QUERY
from dispatch.platforms.reading import Verdict
from dispatch.platforms.snapchat import answers, payload
from dispatch.platforms.snapchat.words import WORDS
from dispatch.platforms.words import Icon


class Snapchat(Platform):
    slug = "snapchat"
    name = "Snapchat"
    icon = Icon(letter="S", colour="#6f6200")
    words = WORDS
    api_url = "https://tr.snapchat.com"
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {"pixelId": "5b0c6c1e-0000-4000-8000-00000000d3a0", "accessToken": "snapchat-sandbox-token"}
    accepted_signals = "sccid, pii.email, pii.phone, or clientIp with userAgent"
    click_ids = (
        ClickId(field="sccid", name="Snapchat click id (sccid)", parameter="sccid"),
        ClickId(field="sc_cookie1", name="Snapchat browser id (scCookie1)", cookie="_scid", is_click=False),
    )
    # No LEAD is documented: SIGN_UP is what Snap's own tag template sends for one.
    event_names = {
        EventType.LEAD: "SIGN_UP",
        EventType.PURCHASE: "PURCHASE",
        EventType.COMPLETE_REGISTRATION: "SIGN_UP",
        EventType.SUBSCRIBE: "SUBSCRIBE",
        EventType.CUSTOM: "CUSTOM_EVENT_1",  # eventNames chooses another of the five
    }
    max_age = timedelta(days=7)  # documented are 37; what integrators enforce for the web
    batch_limit = 2000
    currencies = None  # Snapchat publishes no list, so every one is sent as it is
    requests_per_minute = None
    match_weights = {
        "e-mail": 25,
        "phone": 20,
        "Snapchat click id (sccid)": 20,
        "external id": 10,
        "IP address and user agent": 10,
        "Snapchat browser id (scCookie1)": 10,
        "names": 5,
    }
    reasons = {}
    meanings = answers.MEANINGS
    options = (EVENT_NAMES, LIMITED_DATA_USE, DEFAULT_PHONE_REGION, TOKEN_IN_QUERY)
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def has_signal(self, event: OutgoingEvent) -> bool:
        return payload.has_signal(event)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Always: `validate` checks events and counts none."""
        return True

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        return payload.render(event, pixel, name=self.event_name(event, pixel))

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        return payload.request(pixel, credential, payloads, test=test)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return answers.judge(answer, body, count)
