"""ChatGPT Ads: Conversions API. Source: developers.openai.com/ads/conversions-api (read in 2026-11)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.base import ClickId
from dispatch.platforms.building import json_request, minor_units, present, price, unix_milliseconds
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import EVENT_NAMES
from dispatch.platforms.plain import PlainPlatform, first_text, judged_by_status, plain_meanings
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words

#: The standard events, with the type of their data.
STANDARD = {
    "lead_created": "customer_action",
    "registration_completed": "customer_action",
    "appointment_scheduled": "customer_action",
    "subscription_created": "plan_enrollment",
    "trial_started": "plan_enrollment",
    "order_created": "contents",
    "checkout_started": "contents",
    "items_added": "contents",
    "contents_viewed": "contents",
}


class ChatGPT(PlainPlatform):
    slug = "chatgpt"
    name = "ChatGPT Ads"
    icon = Icon(letter="C", colour="#0d7a5f")
    words = Words(
        pixel_id="Pixel id",
        where_pixel_id="Ads Manager → Conversions → your data source.",
        credential="Conversions API key",
        where_credential="Ads Manager → Conversions → API keys; not the key of the Ads API.",
    )
    api_url = "https://bzr.openai.com"
    accepted_signals = "oppref, pii.email"
    click_ids = (ClickId(field="oppref", name="ChatGPT click id (oppref)", parameter="oppref"),)
    event_names = {
        EventType.LEAD: "lead_created",
        EventType.PURCHASE: "order_created",
        EventType.COMPLETE_REGISTRATION: "registration_completed",
        EventType.SUBSCRIBE: "subscription_created",
    }
    max_age = timedelta(days=7)
    batch_limit = 1000
    meanings = plain_meanings("OpenAI", "Ads Manager")
    options = (EVENT_NAMES,)

    @property
    def api_url_name(self) -> str:
        return "chatgpt_ads"

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(event.signal("oppref") or event.email)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Always: `validate_only` checks events and keeps none."""
        return True

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        name = self.event_name(event, pixel)
        is_standard = name in STANDARD
        priced = price(event, required=name == "order_created")
        return present(
            id=event.event_id,
            type=name if is_standard else "custom",
            custom_event_name="" if is_standard else name,
            timestamp_ms=unix_milliseconds(event.occurred_at),
            oppref=event.signal("oppref"),
            source_url=event.event_source_url,
            action_source="web",
            user=present(email_sha256=event.email),
            data=present(
                type=STANDARD.get(name, "custom"),
                amount=minor_units(event.value, event.currency) if priced and event.value is not None else None,
                currency=priced.get("currency"),
            ),
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        return json_request(
            f"{pixel.api_url}/v1/events?{urlencode({'pid': pixel.pixel_id})}",
            headers={"Authorization": f"Bearer {credential}"},
            document={"validate_only": test, "events": list(payloads)},
        )

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """One bad event refuses the whole request; the page shows no body of a success, so one without errors is it."""
        if not isinstance(body, dict):
            return judged_by_status(answer, body, count, message="")
        error, errors = body.get("error"), body.get("errors")
        if answer.status == 200 and body and not error and not errors and body.get("success", True) is True:
            return [Verdict(outcome=Outcome.ACCEPTED)] * count
        first = errors[0] if isinstance(errors, list) and errors else error
        told = first.get("message") if isinstance(first, dict) else first
        return judged_by_status(answer, body, count, message=first_text(told, body.get("message")))
