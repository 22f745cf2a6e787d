"""Google Data Manager `events:ingest` and its later diagnostics: platforms.md, section 4.

Both spellings of keys are read, camelCase and snake_case; errors come back in snake_case.
"""

import base64
import binascii
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from adtarget.sandbox.judging import (
    Answer,
    Event,
    Letter,
    Terms,
    World,
    as_dict,
    as_list,
    as_text,
    is_ip,
    is_number,
    is_one_of,
    is_text,
)
from adtarget.sandbox.platforms import google_diagnostics
from adtarget.sandbox.platforms.google_fields import camel, unknown_fields
from adtarget.sandbox.request import Request

PATH = "/v1/events:ingest"
MOST_EVENTS, MOST_DESTINATIONS, MOST_IDENTIFIERS, LONGEST_TRANSACTION_ID = 2000, 10, 10, 64
EVENT_SOURCES = frozenset({"WEB", "APP", "IN_STORE", "PHONE", "MESSAGE"})
CONSENTS = frozenset({"CONSENT_GRANTED", "CONSENT_DENIED", "CONSENT_STATUS_UNSPECIFIED"})
CLICK_IDS = ("gclid", "gbraid", "wbraid")
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
HEX = re.compile(r"[0-9a-fA-F]*")
CURRENCY = re.compile(r"[A-Z]{3}")
HASH_OF_NOTHING = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
REQUIRED = "REQUIRED_FIELD_MISSING"


class Google(World):
    slug, label = "google", "Google"
    refusals = {
        "auth": {"status": 401, "reason": "ACCESS_TOKEN_EXPIRED", "message": "Request had invalid credentials."},
        "permission": {"status": 403, "reason": "USER_PERMISSION_DENIED", "message": "The caller lacks permission."},
        "disabled": {"status": 403, "reason": "SERVICE_DISABLED", "message": "Data Manager API is not enabled."},
        "not_found": {"status": 404, "reason": "NOT_FOUND", "message": "Requested entity was not found."},
        "throttled": {
            "status": 429,
            "reason": "RATE_LIMIT_EXCEEDED",
            "message": "Quota exceeded.",
            "metadata": {"quota_limit": "IngestionRequestsPerMinutePerProject"},
        },
        "day_quota": {
            "status": 429,
            "reason": "RATE_LIMIT_EXCEEDED",
            "message": "Quota exceeded.",
            "metadata": {"quota_limit": "IngestionRequestsPerDayPerProject"},
        },
        "aborted": {"status": 409, "reason": "ABORTED", "message": "The operation was aborted."},
        "transient": {"status": 503, "reason": "UNAVAILABLE", "message": "The service is currently unavailable."},
        "invalid": {"status": 400, "reason": "INVALID_ARGUMENT", "message": "Request contains an invalid argument."},
        "terms": {
            "status": 400,
            "reason": "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
            "message": "The terms are not signed.",
            "field": "destinations[0]",
        },
    }

    def __init__(self) -> None:
        self.diagnostics = google_diagnostics.Diagnostics()

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", PATH)

    def read(self, request: Request) -> Letter:
        document = as_dict(camel(request.document))
        destinations = [as_dict(one) for one in as_list(document.get("destinations"))]
        account = as_dict(destinations[0].get("operatingAccount")) if destinations else {}
        return Letter(
            request,
            pixel=as_text(account.get("accountId")),
            token=request.bearer,
            events=[_event(as_dict(raw), destinations) for raw in as_list(document.get("events"))],
            is_test=document.get("validateOnly") is True,
        )

    def judge(self, letter: Letter, terms: Terms) -> Answer:
        document = as_dict(camel(letter.request.document))
        for event in letter.events:
            _check(event, document, terms.now)
        if problem := terms.token_problem(letter.token):
            reason = {"missing": "CREDENTIALS_MISSING", "expired": "ACCESS_TOKEN_EXPIRED"}.get(problem)
            return self.refusal({"name": "auth", "reason": reason or "ACCESS_TOKEN_TYPE_UNSUPPORTED"}, letter)
        return _parse_refusal(letter, document) or self._request_refusal(letter, document) or self.success(letter)

    def success(self, letter: Letter) -> Answer:
        request_id = str(uuid.uuid4())
        if not letter.is_test:
            self.diagnostics.remember(request_id, letter)
        return Answer(200, {"requestId": request_id}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], letter: Letter) -> Answer:
        told = self.told(told)
        field = told.get("field", "")
        if "event" in told:
            field = field or f"events.events[{told['event']}]"
        return _error(
            int(told["status"]), str(told["message"]), str(told["reason"]), field=field, metadata=told.get("metadata")
        )

    def _request_refusal(self, letter: Letter, document: Mapping[str, Any]) -> Answer | None:
        field, reason, message = next(_request_problems(letter, document), ("", "", ""))
        return _error(400, message, reason, field=field) if reason else None


class GoogleStatus(World):
    """`requestStatus:retrieve`: what became of a request half an hour later; here after `diagnostics_seconds`."""

    slug, label = "google_status", "Google diagnostics"
    keeps = False
    refusals = Google.refusals

    def __init__(self, google: Google) -> None:
        self.google = google

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("GET", "/v1/requestStatus:retrieve")

    def read(self, request: Request) -> Letter:
        return Letter(request, pixel="", token=request.bearer)

    def judge(self, letter: Letter, terms: Terms) -> Answer:
        if terms.token_problem(letter.token):
            return self.refusal({"name": "auth"}, letter)
        return self.success(letter)

    def success(self, letter: Letter) -> Answer:
        found = self.google.diagnostics.of(letter.request.query.get("requestId", ""))
        return Answer(200, found, is_accepted=True) if found else self.refusal({"name": "not_found"}, letter)

    def refusal(self, told: Mapping[str, Any], letter: Letter) -> Answer:
        return self.google.refusal(told, letter)


# ------------------------------------------------------------------ answers
def _error(status: int, message: str, reason: str, *, field: str = "", metadata: Any = None) -> Answer:
    details = [
        _detail("ErrorInfo", reason=reason, domain="datamanager.googleapis.com", metadata=metadata or {}),
        _detail("RequestInfo", requestId=f"t-{secrets.token_urlsafe(12)}"),
    ]
    if field:
        violation = {"field": field, "description": message, "reason": reason}
        details.append(_detail("BadRequest", fieldViolations=[violation]))
    return _status(status, message, details)


def _detail(kind: str, **facts: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **facts}


def _status(status: int, message: str, details: list[dict[str, Any]]) -> Answer:
    name = STATUSES.get(status, "UNKNOWN")
    return Answer(status, {"error": {"code": status, "message": message, "status": name, "details": details}})


def _parse_refusal(letter: Letter, document: Mapping[str, Any]) -> Answer | None:
    """What the JSON parser refuses: it names all it does not know, and no reason."""
    if not document:
        return _status(400, "Invalid JSON payload received.", [])
    violations = [
        {"field": field, "description": f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'}
        for field, name in unknown_fields(document)
    ]
    for field, value, known in _enums(document):
        if not is_one_of(value, known):
            told = f"Invalid value at '{field}' (TYPE_ENUM), \"{value}\""
            violations.append({"field": field, "description": told})
    if not violations:
        return None
    return _status(400, violations[0]["description"], [_detail("BadRequest", fieldViolations=violations)])


def _enums(document: Mapping[str, Any]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    if "encoding" in document:
        yield "encoding", document["encoding"], frozenset({"HEX", "BASE64"})
    for place, owner in [("", document)] + [
        (f"events[{index}].", as_dict(raw)) for index, raw in enumerate(as_list(document.get("events")))
    ]:
        for key, value in as_dict(owner.get("consent")).items():
            yield f"{place}consent.{key}", value, CONSENTS
        if "eventSource" in owner:
            yield f"{place}event_source", owner["eventSource"], EVENT_SOURCES


def _request_problems(letter: Letter, document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, reason and words, the request's own before its events'."""
    destinations, events = as_list(document.get("destinations")), as_list(document.get("events"))
    if not 1 <= len(destinations) <= MOST_DESTINATIONS:
        yield "destinations", REQUIRED if not destinations else "TOO_MANY_DESTINATIONS", "1 to 10 destinations."
    for index, destination in enumerate(map(as_dict, destinations)):
        yield from _destination_problems(f"destinations[{index}]", destination)
    if not events:
        yield "events", REQUIRED, "The events are missing."
    if len(events) > MOST_EVENTS:
        # The real text says so, although the limit is 2,000.
        yield "events", "TOO_MANY_EVENTS", "The request has more than 10000 events."
    if letter.problem:
        index, problem = letter.problem
        yield f"events.events[{index}].{problem.field}", problem.words, f"The value is wrong: it {problem.message}."


def _destination_problems(place: str, destination: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, key in (("operating_account", "operatingAccount"), ("login_account", "loginAccount")):
        account = destination.get(key)
        if account is None and key == "loginAccount":
            continue
        account_id = as_dict(account).get("accountId")
        if not isinstance(account_id, str) or not account_id.isdigit():
            yield f"{place}.{name}.account_id", "INVALID_NUMBER_FORMAT", "The account id must be digits."
    action = destination.get("productDestinationId")
    if not isinstance(action, str) or not action.isdigit():
        yield f"{place}.product_destination_id", "INVALID_CONVERSION_ACTION_ID", "The conversion action is unknown."


# ------------------------------------------------------------------ one event
def _event(raw: dict[str, Any], destinations: list[dict[str, Any]]) -> Event:
    """Its name is its conversion action: Google has no other."""
    wanted = raw.get("destinationReferences")
    actions = [
        as_text(one.get("productDestinationId"))
        for one in destinations
        if not wanted or one.get("reference") in as_list(wanted)
    ]
    return Event(as_text(raw.get("transactionId")), ", ".join(actions), raw)


def _check(event: Event, document: Mapping[str, Any], now: float) -> None:
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
    address = as_dict(raw.get("eventDeviceInfo")).get("ipAddress")
    if address is not None:
        event.check("event_device_info.ip_address", is_ip(address), "is a bare address", "INVALID_IP_ADDRESS")


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
