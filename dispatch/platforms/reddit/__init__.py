"""Reddit: Conversions API v3. Experimental: known from other people's code only (read in 2026-11)."""

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.base import ClickId
from dispatch.platforms.building import json_request, present, price, unix_milliseconds
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import DEFAULT_PHONE_REGION, EVENT_NAMES
from dispatch.platforms.plain import PlainPlatform, first_text, judged_by_status, plain_meanings
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words

STANDARD = frozenset("PAGE_VISIT VIEW_CONTENT SEARCH ADD_TO_CART ADD_TO_WISHLIST PURCHASE LEAD SIGN_UP".split())
_PROCESSED = re.compile(r"processed (\d+) conversion event")


class Reddit(PlainPlatform):
    slug = "reddit"
    name = "Reddit"
    icon = Icon(letter="R", colour="#b8340a")
    words = Words(
        pixel_id="Pixel id",
        where_pixel_id="Ads Manager → Events Manager → your pixel; it looks like a2_abc123.",
        credential="Conversion access token",
        where_credential="Events Manager → Conversions API → Generate access token.",
        test_code="Test ID of Events Manager → Test events. With one, test events show up there and count nowhere.",
        takes_tests="its pixel has a test event code",
    )
    is_experimental = True
    api_url = "https://ads-api.reddit.com"
    accepted_signals = "rdtCid, pii.email, pii.phone, or clientIp with userAgent"
    click_ids = (ClickId(field="rdt_cid", name="Reddit click id (rdt_cid)", parameter="rdt_cid"),)
    event_names = {
        EventType.LEAD: "LEAD",
        EventType.PURCHASE: "PURCHASE",
        EventType.COMPLETE_REGISTRATION: "SIGN_UP",
        EventType.SUBSCRIBE: "Subscribe",  # not among Reddit's own: a custom event
    }
    max_age = timedelta(days=7)
    batch_limit = 1000
    meanings = plain_meanings("Reddit", "Events Manager")
    options = (EVENT_NAMES, DEFAULT_PHONE_REGION)

    def has_signal(self, event: OutgoingEvent) -> bool:
        has_address = event.client_ip and event.user_agent
        return bool(event.signal("rdt_cid") or event.email or event.phone_e164 or has_address)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        return bool(pixel.test_event_code)

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        name = self.event_name(event, pixel)
        is_standard = name in STANDARD
        return present(
            event_at=unix_milliseconds(event.occurred_at),
            action_source="WEBSITE",
            type=present(
                tracking_type=name if is_standard else "CUSTOM", custom_event_name="" if is_standard else name
            ),
            click_id=event.signal("rdt_cid"),
            user=present(
                email=event.email,
                phone_number=event.phone_e164,
                external_id=next(iter(event.external_ids), ""),
                ip_address=_sha256(event.client_ip),
                user_agent=event.user_agent,
            ),
            metadata=present(
                conversion_id=event.event_id,
                **price(event, required=name == "PURCHASE"),
                item_count=1 if name == "PURCHASE" else None,
            ),
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        document = present(events=list(payloads), test_id=pixel.test_event_code if test else "")
        url = f"{pixel.api_url}/api/v3/pixels/{quote(pixel.pixel_id, safe='')}/conversion_events"
        return json_request(url, headers={"Authorization": f"Bearer {credential}"}, document={"data": document})

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """Success says how many were processed; an error says what is wrong, and names no event."""
        match body:
            case {"data": {"message": str(message)}} if answer.status == 200:
                processed = _PROCESSED.search(message)
                if processed and int(processed[1][:9]) == count:
                    return [Verdict(outcome=Outcome.ACCEPTED)] * count
            case {"error": {"message": message}} | {"message": message} | {"error": message}:
                return judged_by_status(answer, body, count, message=first_text(message))
        return judged_by_status(answer, body, count, message="")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
