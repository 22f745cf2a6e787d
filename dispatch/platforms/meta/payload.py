"""Renders Meta Conversions API events and requests, Graph v26.0."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from adtarget.core.http_messages import PreparedRequest
from dispatch.choices import Reason
from dispatch.platforms.building import json_request, limited_data_use, listed, present, price, text, unix_seconds
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.meta import credentials

VERSION = "v26.0"  # of 2026-07-29, no end announced; `apiVersion` among a pixel's options overrides it


def has_signal(event: OutgoingEvent) -> bool:
    return bool(
        event.fbc
        or event.fbp
        or event.email
        or event.phone_digits
        or event.external_id
        or (event.client_ip and event.user_agent)
    )


def action_source(event: OutgoingEvent, pixel: PixelConfig) -> str:
    """Where the event happened, or CannotExpress where Meta would refuse it.

    Meta asks the user agent and the URL of web events only. An event that has neither, but contacts, may go
    as one of a system if the pixel's option allows it.
    """
    if event.user_agent:
        return "website"
    is_a_systems = bool(event.email or event.phone_digits) and not event.is_url_given
    if pixel.options.get("actionSource") == "auto" and is_a_systems:
        return "system_generated"
    raise CannotExpress(Reason.MISSING_USER_AGENT)


def render(event: OutgoingEvent, pixel: PixelConfig, *, name: str, source: str) -> Payload:
    is_web = source == "website"
    return {
        **present(
            event_name=name,
            event_time=unix_seconds(event.occurred_at),
            event_id=event.event_id,
            action_source=source,
            event_source_url=event.event_source_url if is_web else "",
            referrer_url=event.referrer if is_web else "",
            user_data=_user_data(event),
            custom_data=present(
                **price(event, required="Purchase" in (event.event_type, name)),
                content_name=event.content_name,
                order_id=event.order_id,
            ),
        ),
        **limited_data_use(pixel, event),
    }


def _user_data(event: OutgoingEvent) -> Payload:
    matchable = present(
        em=listed(event.email),
        ph=listed(event.phone_digits),
        external_id=event.external_ids,
        fbc=event.fbc,
        fbp=event.fbp,
        client_ip_address=event.client_ip,
    )
    if not matchable:
        raise CannotExpress(Reason.MISSING_IDENTIFIER)
    names = present(fn=listed(event.first_name), ln=listed(event.last_name))
    return {**matchable, **names, **present(client_user_agent=event.user_agent)}


def request(pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, sends_code: bool) -> PreparedRequest:
    version = text(pixel.options.get("apiVersion")) or VERSION
    url = f"{pixel.api_url}/{version}/{quote(pixel.pixel_id, safe='')}/events"
    token, _ = known = credentials.read(credential)
    headers = {"Authorization": f"Bearer {token}"}
    if pixel.options.get("tokenInQuery"):
        url, headers = f"{url}?{urlencode({'access_token': token})}", {}
    document = present(
        data=list(payloads),
        test_event_code=pixel.test_event_code if sends_code else "",
        appsecret_proof=known.proof,
    )
    return json_request(url, headers=headers, document=document)
