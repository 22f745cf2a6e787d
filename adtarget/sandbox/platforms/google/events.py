"""The rules for one event of `events:ingest`."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from adtarget.sandbox.judging import Event, as_dict, as_list, as_text, is_ip, is_number, is_text
from adtarget.sandbox.platforms.google.fields import REQUIRED

MOST_IDENTIFIERS, LONGEST_TRANSACTION_ID = 10, 64
CLICK_IDS = ("gclid", "gbraid", "wbraid")
RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
LONGEST_SESSION = 4000
SESSION_KEYS = {
    "gad_source",
    "gad_campaignid",
    "session_start_time_usec",
    "landing_page_url",
    "landing_page_referrer",
    "landing_page_user_agent",
}
HEX = re.compile(r"[0-9a-fA-F]*")
CURRENCY = re.compile(r"[A-Z]{3}")
HASH_OF_NOTHING = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def read_event(raw: dict[str, Any], destinations: list[dict[str, Any]]) -> Event:
    """Its name is its conversion action: Google has no other."""
    wanted = raw.get("destinationReferences")
    actions = [
        as_text(one.get("productDestinationId"))
        for one in destinations
        if not wanted or one.get("reference") in as_list(wanted)
    ]
    return Event(as_text(raw.get("transactionId")), ", ".join(actions), raw)


def check_event(event: Event, document: Mapping[str, Any], now: float) -> None:
    raw = event.raw
    known = [as_dict(one).get("reference") for one in as_list(document.get("destinations"))]
    are_known = all(one in known for one in as_list(raw.get("destinationReferences")))
    event.check("destination_references", are_known, "name destinations of the request", REQUIRED)
    _check_time(event, raw.get("eventTimestamp"), now)
    event.check("event_source", raw.get("eventSource") == "WEB", "is WEB", "EVENT_SOURCE_AND_DESTINATION_MISMATCH")
    event.check("ad_identifiers", any(_identifiers(raw)), "or other identifiers are there", "NO_IDENTIFIERS_PROVIDED")
    transaction_id = raw.get("transactionId", "none")
    is_short = is_text(transaction_id) and len(transaction_id) <= LONGEST_TRANSACTION_ID
    event.check("transaction_id", is_short, "is a string of at most 64 characters", "INVALID_ARGUMENT")
    _check_money(event, raw)
    _check_people(event, as_list(as_dict(raw.get("userData")).get("userIdentifiers")), document.get("encoding"))
    _check_click(event, as_dict(raw.get("adIdentifiers")))
    _check_devices(event, raw)


def _check_devices(event: Event, raw: Mapping[str, Any]) -> None:
    landing = as_dict(as_dict(raw.get("adIdentifiers")).get("landingPageDeviceInfo"))
    places = {"event_device_info": as_dict(raw.get("eventDeviceInfo")), "ad_identifiers.landing_page": landing}
    for place, device in places.items():
        if "ipAddress" in device:
            event.check(f"{place}.ip_address", is_ip(device["ipAddress"]), "is a bare address", "INVALID_IP_ADDRESS")


def _check_click(event: Event, ads: Mapping[str, Any]) -> None:
    is_one = not (ads.get("gbraid") and ads.get("wbraid"))
    event.check("ad_identifiers", is_one, "has gbraid or wbraid, not both", "INVALID_AD_IDENTIFIERS")
    if "sessionAttributes" in ads:
        told = _session(ads["sessionAttributes"])
        right = isinstance(told, dict) and told and set(told) <= SESSION_KEYS and all(map(is_text, told.values()))
        event.check("ad_identifiers.session_attributes", right, "is base64url JSON of its keys", "INVALID_ARGUMENT")


def _session(value: Any) -> Any:
    """What session attributes say; None where they are no base64url without padding, or too long."""
    if not isinstance(value, str) or len(value) > LONGEST_SESSION or any(one in value for one in "=+/"):
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except (ValueError, binascii.Error):
        return None


def _check_time(event: Event, text: Any, now: float) -> None:
    right = isinstance(text, str) and RFC3339.fullmatch(text)
    if event.check("event_timestamp", right, "is RFC 3339 with an offset", "EVENT_TIME_INVALID"):
        try:
            moment = datetime.fromisoformat(text).timestamp()
        except ValueError:
            event.check("event_timestamp", False, "is a real day and hour", "EVENT_TIME_INVALID")
        else:
            event.check("event_timestamp", moment <= now + 1, "is not in the future", "EVENT_TIME_INVALID")


def _identifiers(raw: Mapping[str, Any]) -> Iterator[Any]:
    ads = as_dict(raw.get("adIdentifiers"))
    yield from (ads.get(key) for key in (*CLICK_IDS, "sessionAttributes"))
    yield as_dict(ads.get("landingPageDeviceInfo")).get("ipAddress")
    yield as_dict(raw.get("userData")).get("userIdentifiers")
    yield as_dict(raw.get("eventDeviceInfo")).get("ipAddress")


def _check_money(event: Event, raw: Mapping[str, Any]) -> None:
    if "conversionValue" in raw or "currency" in raw:
        event.check("conversion_value", is_number(raw.get("conversionValue")), "is a number", "INVALID_NUMBER_FORMAT")
        currency = raw.get("currency")
        right = isinstance(currency, str) and CURRENCY.fullmatch(currency)
        event.check("currency", right, "is a code in upper case", "INVALID_CURRENCY_CODE")


def _check_people(event: Event, identifiers: list[Any], encoding: Any) -> None:
    if not identifiers:
        return
    place = "user_data.user_identifiers"
    event.check(place, len(identifiers) <= MOST_IDENTIFIERS, "are at most 10", "TOO_MANY_USER_IDENTIFIERS")
    event.check("encoding", encoding in ("HEX", "BASE64"), "comes with user data", REQUIRED)
    for index, identifier in enumerate(map(as_dict, identifiers)):
        where = f"{place}[{index}]"
        event.check(where, len(identifier) == 1, "has exactly one of its kinds", "INVALID_ARGUMENT")
        for key in ("emailAddress", "phoneNumber"):
            if key in identifier:
                _check_hash(event, where, identifier[key], encoding)
        if "address" in identifier:
            _check_address(event, f"{where}.address", as_dict(identifier["address"]), encoding)


def _check_address(event: Event, where: str, address: Mapping[str, Any], encoding: Any) -> None:
    whole = all(is_text(address.get(key)) for key in ("givenName", "familyName", "regionCode", "postalCode"))
    if event.check(where, whole, "has names, region and postal code", REQUIRED):
        for key in ("givenName", "familyName"):
            _check_hash(event, where, address[key], encoding)


def _check_hash(event: Event, where: str, value: Any, encoding: Any) -> None:
    reason = "INVALID_HEX_ENCODING" if encoding == "HEX" else "INVALID_BASE64_ENCODING"
    digest = _decoded(value, encoding)
    if event.check(where, digest is not None, f"is {encoding}", reason):
        right = digest is not None and len(digest) == 32 and digest != HASH_OF_NOTHING
        event.check(where, right, "is a SHA-256", "INVALID_SHA256_FORMAT")


def _decoded(value: Any, encoding: Any) -> bytes | None:
    try:
        if encoding == "BASE64":
            return base64.b64decode(value, validate=True)
        return bytes.fromhex(value) if HEX.fullmatch(value) else None
    except (TypeError, ValueError, binascii.Error):
        return None
