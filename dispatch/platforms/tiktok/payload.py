"""Renders TikTok Events API 2.0 events and requests (path v1.3)."""

from collections.abc import Collection, Sequence

from adtarget.core.http_messages import PreparedRequest
from dispatch.platforms.building import json_request, present, price, unix_seconds
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig

#: What TikTok turns its reserved words into by itself (help page "Reserved event names", 2026-09).
RESERVED_NAMES = {
    "AddBilling": "AddPaymentInfo",
    "Browse": "PageView",
    "Checkout": "PlaceAnOrder",
    "ClickForm": "SubmitForm",
    "Registration": "CompleteRegistration",
    "StartCheckout": "InitiateCheckout",
}


def standard_name(name: str) -> str:
    """The standard event that a reserved name stands for; every other name as it is."""
    return RESERVED_NAMES.get(name, name)


def has_signal(event: OutgoingEvent) -> bool:
    return bool(
        event.ttclid
        or event.ttp
        or event.email
        or event.phone_e164
        or event.external_id
        or (event.client_ip and event.user_agent)
    )


def render(event: OutgoingEvent, pixel: PixelConfig, *, name: str, currencies: Collection[str]) -> Payload:
    is_priced = event.value is None or not event.currency or event.currency in currencies
    priced = price(event, required="Purchase" in (event.event_type, name)) if is_priced else {}
    return present(
        event=name,
        event_time=unix_seconds(event.occurred_at),
        event_id=event.event_id,
        user=_user(event),
        page=present(url=event.event_source_url, referrer=event.referrer),
        properties=present(**priced, description=event.content_name, order_id=event.order_id),
        limited_data_use=True if event.limited_data_use or pixel.options.get("limitedDataUse") else None,
    )


def _user(event: OutgoingEvent) -> Payload:
    return present(
        email=event.email,
        phone=event.phone_e164,
        external_id=event.external_ids,
        first_name=event.first_name,
        last_name=event.last_name,
        ttclid=event.ttclid,
        ttp=event.ttp,
        ip=event.client_ip,
        user_agent=event.user_agent,
    )


def request(pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool) -> PreparedRequest:
    document = present(
        event_source="web",
        event_source_id=pixel.pixel_id,
        test_event_code=pixel.test_event_code if test else "",
        data=list(payloads),
    )
    url = f"{pixel.api_url}/open_api/v1.3/event/track/"
    return json_request(url, headers={"Access-Token": credential}, document=document)
