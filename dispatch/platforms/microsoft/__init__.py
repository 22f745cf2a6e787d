"""Microsoft Advertising: UET Conversions API v1. Experimental: from other people's code (read in 2026-11)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.base import ClickId
from dispatch.platforms.building import json_request, present, price, unix_seconds
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import DEFAULT_PHONE_REGION, EVENT_NAMES, TEST_PIXEL
from dispatch.platforms.plain import PlainPlatform, first_text, judged_by_status, plain_meanings
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words


class Microsoft(PlainPlatform):
    slug = "microsoft"
    name = "Microsoft Ads"
    icon = Icon(letter="M", colour="#00695c")
    words = Words(
        pixel_id="UET tag id",
        where_pixel_id="Conversions → UET tag; a number such as 187012345.",
        credential="Conversions API token",
        where_credential="UET tag → Use Conversions API → Copy token; Microsoft opens it for each account.",
        takes_tests="its pixel is kept for tests",
    )
    is_experimental = True
    api_url = "https://capi.uet.microsoft.com"
    accepted_signals = "msclkid, pii.email, pii.phone, or clientIp with userAgent"
    click_ids = (ClickId(field="msclkid", name="Microsoft click id (msclkid)", parameter="msclkid"),)
    event_names = {
        EventType.LEAD: "lead",
        EventType.PURCHASE: "purchase",
        EventType.COMPLETE_REGISTRATION: "signup",
        EventType.SUBSCRIBE: "subscribe",
    }
    max_age = timedelta(days=7)
    batch_limit = 1000
    meanings = plain_meanings("Microsoft", "the UET tag's page") | {
        "invalid": "Microsoft found something wrong in this event. Its answer names it; correct it, then retry."
    }
    options = (EVENT_NAMES, TEST_PIXEL, DEFAULT_PHONE_REGION)

    def has_signal(self, event: OutgoingEvent) -> bool:
        has_address = event.client_ip and event.user_agent
        return bool(event.signal("msclkid") or event.email or event.phone_e164 or has_address)

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        is_purchase = event.event_type == EventType.PURCHASE
        return present(
            eventType="custom",
            eventName=self.event_name(event, pixel),
            eventId=event.event_id,
            eventTime=unix_seconds(event.occurred_at),
            eventSourceUrl=event.event_source_url,
            adStorageConsent="D" if event.limited_data_use else "G",
            userData=present(
                msclkid=event.signal("msclkid"),
                em=event.email,
                ph=event.phone_e164,
                externalId=next(iter(event.external_ids), ""),
                clientIpAddress=event.client_ip,
                clientUserAgent=event.user_agent,
            ),
            customData=present(**price(event, required=is_purchase), transactionId=event.order_id),
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        return json_request(
            f"{pixel.api_url}/v1/{quote(pixel.pixel_id, safe='')}/events",
            headers={"Authorization": f"Bearer {credential}"},
            document={"data": list(payloads), "continueOnValidationError": True},
        )

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """Good events of a request are taken, bad ones are named by their index."""
        error = body.get("error") if isinstance(body, dict) else None
        bad = _problems(error)
        message = next(iter(bad.values()), "") or first_text(error.get("message") if isinstance(error, dict) else "")
        match body:
            case {"eventsReceived": int(received)} if (
                answer.status == 200 and received is not True and received + len(bad) >= count
            ):
                return [_verdict(bad.get(index)) for index in range(count)]
        return judged_by_status(answer, body, count, message=message, guilty=list(bad))


def _verdict(problem: str | None) -> Verdict:
    if problem is None:
        return Verdict(outcome=Outcome.ACCEPTED)
    return Verdict(outcome=Outcome.REJECTED, code="invalid", message=problem)


def _problems(error: Any) -> dict[int, str]:
    """What is wrong with each event that is refused, by its index; warnings refuse nothing."""
    details = error.get("details") if isinstance(error, dict) else None
    found: dict[int, str] = {}
    for detail in details if isinstance(details, list) else ():
        match detail:
            case {"isWarning": True}:
                continue
            case {"index": int(index)} if not isinstance(index, bool):
                found[index] = f"{first_text(detail.get('propertyName'))}: {first_text(detail.get('errorMessage'))}"
    return found
