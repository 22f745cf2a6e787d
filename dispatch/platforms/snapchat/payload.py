"""Renders Snapchat Conversions API v3 events and requests."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from adtarget.core.http_messages import PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Reason
from dispatch.platforms.building import json_request, limited_data_use, listed, present, price, unix_seconds
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig


def has_signal(event: OutgoingEvent) -> bool:
    return bool(event.sccid or is_matchable(event))


def is_matchable(event: OutgoingEvent) -> bool:
    """Snapchat's own rule, which a click id alone does not meet; one such event sinks its batch."""
    return bool(event.email or event.phone_digits or (event.client_ip and event.user_agent))


def render(event: OutgoingEvent, pixel: PixelConfig, *, name: str) -> Payload:
    if not is_matchable(event):
        raise CannotExpress(Reason.MISSING_IDENTIFIER)
    is_purchase = event.event_type == EventType.PURCHASE or name == "PURCHASE"
    return {
        **present(
            event_name=name,
            event_time=unix_seconds(event.occurred_at),
            event_id=event.event_id,
            action_source="WEB",
            event_source_url=event.event_source_url,
            user_data=_user_data(event),
            custom_data=present(**price(event, required=is_purchase), order_id=event.order_id),
        ),
        **limited_data_use(pixel, event),
    }


def _user_data(event: OutgoingEvent) -> Payload:
    return present(
        em=listed(event.email),
        ph=listed(event.phone_digits),
        fn=listed(event.first_name),
        ln=listed(event.last_name),
        external_id=event.external_ids,
        client_ip_address=event.client_ip,
        client_user_agent=event.user_agent,
        sc_click_id=event.sccid,
        sc_cookie1=event.sc_cookie1,
    )


def request(pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool) -> PreparedRequest:
    url = f"{pixel.api_url}/v3/{quote(pixel.pixel_id, safe='')}/events{'/validate' if test else ''}"
    headers = {"Authorization": f"Bearer {credential}"}
    if pixel.options.get("tokenInQuery"):
        url, headers = f"{url}?{urlencode({'access_token': credential})}", {}
    return json_request(url, headers=headers, document={"data": list(payloads)})
