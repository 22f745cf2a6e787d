"""Pinterest: Conversions API v5. Source: Pinterest's OpenAPI description, version 5 (read in 2026-11)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.base import ClickId
from dispatch.platforms.building import json_request, listed, present, price, unix_seconds
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import DEFAULT_PHONE_REGION, EVENT_NAMES
from dispatch.platforms.plain import PlainPlatform, first_text, judged_by_status, plain_meanings
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words

FAILED = "failed"


class Pinterest(PlainPlatform):
    slug = "pinterest"
    name = "Pinterest"
    icon = Icon(letter="P", colour="#a3001b")
    words = Words(
        pixel_id="Ad account id",
        where_pixel_id="Ads Manager, in the address after /advertiser/; a number.",
        credential="Conversion access token",
        where_credential="Ads Manager → Conversions → Set up API → Generate new token.",
    )
    api_url = "https://api.pinterest.com"
    accepted_signals = "epik, pii.email, or clientIp with userAgent"
    click_ids = (ClickId(field="epik", name="Pinterest click id (epik)", parameter="epik"),)
    event_names = {
        EventType.LEAD: "lead",
        EventType.PURCHASE: "checkout",
        EventType.COMPLETE_REGISTRATION: "signup",
        EventType.SUBSCRIBE: "signup",
        EventType.CUSTOM: "custom",
    }
    max_age = timedelta(days=7)
    batch_limit = 1000
    meanings = plain_meanings("Pinterest", "Ads Manager") | {
        FAILED: "Pinterest found something wrong in this event. Its answer names it; correct it, then retry."
    }
    options = (EVENT_NAMES, DEFAULT_PHONE_REGION)

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(event.signal("epik")) or _is_matchable(event)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Always: `test=true` checks events and counts none."""
        return True

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if not _is_matchable(event):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        name = self.event_name(event, pixel)
        priced = price(event, required=name == "checkout")
        return present(
            event_name=name,
            action_source="web",
            event_time=unix_seconds(event.occurred_at),
            event_id=event.event_id,
            event_source_url=event.event_source_url,
            user_data=present(
                em=listed(event.email),
                ph=listed(event.phone_digits),
                fn=listed(event.first_name),
                ln=listed(event.last_name),
                external_id=event.external_ids,
                click_id=event.signal("epik"),
                client_ip_address=event.client_ip,
                client_user_agent=event.user_agent,
            ),
            custom_data=present(
                currency=priced.get("currency"),
                value=str(priced["value"]) if priced else "",
                order_id=event.order_id,
            ),
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        account = quote(pixel.pixel_id, safe="")
        return json_request(
            f"{pixel.api_url}/v5/ad_accounts/{account}/events?test={'true' if test else 'false'}",
            headers={"Authorization": f"Bearer {credential}"},
            document={"data": list(payloads)},
        )

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """Each event of a request is told by itself, in order."""
        match body:
            case {"events": [*events]} if answer.status == 200 and len(events) == count:
                return [_verdict(event) for event in events]
            case {"message": message}:
                return judged_by_status(answer, body, count, message=first_text(message))
        return judged_by_status(answer, body, count, message="")


def _is_matchable(event: OutgoingEvent) -> bool:
    """Pinterest's own rule: an e-mail, or address with user agent; a click id alone is refused."""
    return bool(event.email or (event.client_ip and event.user_agent))


def _verdict(told: Any) -> Verdict:
    match told:
        case {"status": "processed"}:
            return Verdict(outcome=Outcome.ACCEPTED)
        case {"status": "failed"}:
            return Verdict(outcome=Outcome.REJECTED, code=FAILED, message=first_text(told.get("error_message")))
    return Verdict(outcome=Outcome.AMBIGUOUS, message="The answer says nothing we know of this event.")
