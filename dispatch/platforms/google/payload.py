"""Renders Google Data Manager events and requests (events:ingest, v1).

Google has no event names: the conversion action is the event type.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adtarget.core.http_messages import PreparedRequest
from dispatch.choices import Reason
from dispatch.platforms.building import chosen, json_request, present, price, text
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.google.places import may_get_address
from dispatch.platforms.google.session import session_attributes

CONSENTS = {"granted": "CONSENT_GRANTED", "denied": "CONSENT_DENIED"}
_ANSWERS: dict[bool | None, str] = {True: CONSENTS["granted"], False: CONSENTS["denied"]}


def has_signal(event: OutgoingEvent) -> bool:
    return bool(event.gclid or event.gbraid or event.wbraid or event.email_google or event.phone_e164)


def render(event: OutgoingEvent, pixel: PixelConfig) -> Payload:
    action = digits(chosen(pixel, "conversionActions", event))
    if not action:
        raise CannotExpress(Reason.NO_CONVERSION_ACTION)
    if not has_signal(event):
        raise CannotExpress(Reason.MISSING_GCLID)
    priced = price(event, required=event.event_type == "Purchase")
    return present(
        destinationReferences=[action],
        eventTimestamp=_rfc3339(event.occurred_at),
        transactionId=event.event_id,
        eventSource="WEB",
        conversionValue=priced.get("value"),
        currency=priced.get("currency"),
        adIdentifiers=_ad_identifiers(event, wish=text(pixel.options.get("ipAddress"))),
        userData=present(userIdentifiers=_user_identifiers(event)),
        consent=present(
            adUserData=_ANSWERS.get(event.ad_user_data), adPersonalization=_ANSWERS.get(event.ad_personalization)
        ),
        eventDeviceInfo=_event_device(event, wish=text(pixel.options.get("ipAddress"))),
    )


def _ad_identifiers(event: OutgoingEvent, *, wish: str) -> Payload:
    """The click, and the page it led to. gbraid and wbraid exclude each other: both together are refused for good."""
    visit = event.visit
    has_click = bool(event.gclid or event.gbraid or event.wbraid)
    return present(
        gclid=event.gclid,
        gbraid=event.gbraid,
        wbraid="" if event.gbraid else event.wbraid,
        sessionAttributes=session_attributes(visit) if visit and not has_click else "",
        landingPageDeviceInfo=_device(visit.user_agent, visit.client_ip, visit.country, wish) if visit else {},
    )


def _event_device(event: OutgoingEvent, *, wish: str) -> Payload:
    """The device of the event itself, where it is another than the landing page's."""
    country, landed = "", ("", "")
    if visit := event.visit:
        country, landed = visit.country, (visit.user_agent, visit.client_ip)
    if (event.user_agent, event.client_ip) == landed:
        return {}
    return _device(event.user_agent, event.client_ip, country, wish)


def _device(user_agent: str, address: str, country: str, wish: str) -> Payload:
    return present(userAgent=user_agent, ipAddress=address if may_get_address(country, wish) else "")


def _user_identifiers(event: OutgoingEvent) -> list[Payload]:
    """One fact an entry. Names need a postal address beside them, which we never have."""
    entries = (present(emailAddress=event.email_google), present(phoneNumber=event.phone_e164))
    return [entry for entry in entries if entry]


def request(pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool) -> PreparedRequest:
    # An event without a reference would go to every destination, so a reference is its action's id.
    # More than ten destinations are refused as a whole; the split then halves them.
    actions = dict.fromkeys(action for payload in payloads for action in payload["destinationReferences"])
    document = {
        "destinations": [_destination(pixel, action) for action in actions],
        "encoding": "HEX",
        **present(consent=_consent(pixel)),
        "validateOnly": test,
        "events": list(payloads),
    }
    url = f"{pixel.api_url}/v1/events:ingest"
    return json_request(url, headers={"Authorization": f"Bearer {credential}"}, document=document)


def _destination(pixel: PixelConfig, action: str) -> Payload:
    login = digits(text(pixel.options.get("loginAccount")))
    return present(
        reference=action,
        operatingAccount={"accountType": "GOOGLE_ADS", "accountId": digits(pixel.pixel_id)},
        loginAccount={"accountType": "GOOGLE_ADS", "accountId": login} if login else None,
        productDestinationId=action,
    )


def _consent(pixel: PixelConfig) -> Payload:
    """What the site says, never more: an unknown word is left unset."""
    given = pixel.options.get("consent")
    if not isinstance(given, Mapping):
        return {}
    return present(**{key: CONSENTS.get(text(given.get(key)).lower()) for key in ("adUserData", "adPersonalization")})


def digits(written: str) -> str:
    """The bare id of `123-456-7890` and of `customers/1/conversionActions/2`."""
    return written.rpartition("/")[2].replace("-", "").strip()


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
