"""Google's Data Manager and token endpoints as platforms.md, section 4, tells them."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adtarget.sandbox.judging import JudgedEvent, Judgement, bearer, is_hash, is_number, refuses_token

PATH = "/v1/events:ingest"
STATUS_PATH = "/v1/requestStatus:retrieve"
TOKEN_PATH = "/token"  # noqa: S105
STATUS_OF = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}


def judge(headers: Mapping[str, str], body: Any) -> Judgement:
    if refuses_token(bearer(headers)):
        return Judgement(401, error(401, "Request had invalid authentication credentials.", "CREDENTIALS_MISSING"))
    data = body if isinstance(body, dict) else {}
    destinations = data.get("destinations")
    if not isinstance(destinations, list) or not 1 <= len(destinations) <= 10:
        return Judgement(400, error(400, "destinations: 1 to 10 are required.", "REQUIRED_FIELD_MISSING"))
    for destination in destinations:
        numbers = (destination.get("productDestinationId"), destination.get("operatingAccount", {}).get("accountId"))
        if not all(isinstance(number, str) and number.isdigit() for number in numbers):
            return Judgement(400, error(400, "A destination's ids must be digits.", "INVALID_NUMBER_FORMAT"))
    raws = data.get("events")
    if not isinstance(raws, list) or not 1 <= len(raws) <= 2000:
        return Judgement(400, error(400, "events: 1 to 2,000 are required.", "REQUIRED_FIELD_MISSING"))
    events = [_event(raw if isinstance(raw, dict) else {}, data, destinations) for raw in raws]
    for index, event in enumerate(events):
        if problem := event.first_problem:
            where = f"events.events[{index}].{problem.field}"
            return Judgement(400, error(400, problem.message, "INVALID_ARGUMENT", where=where), events)
    return Judgement(200, {"requestId": secrets.token_hex(16)}, events, is_accepted=True)


def error(status: int, message: str, reason: str, *, where: str = "") -> dict[str, Any]:
    details: list[dict[str, Any]] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "datamanager.googleapis.com",
            "metadata": {},
        },
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": f"t-{secrets.token_hex(8)}"},
    ]
    if where:
        violation = {"field": where, "description": message, "reason": reason}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    name = STATUS_OF.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": name, "details": details}}


def token(form: Mapping[str, str]) -> Judgement:
    """The OAuth exchange: a refresh token, or a service account's assertion."""
    grant = form.get("refresh_token") or form.get("assertion") or ""
    if refuses_token(grant):
        return Judgement(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
    body = {"access_token": f"ya29.{secrets.token_urlsafe(24)}", "expires_in": 3599, "token_type": "Bearer"}
    return Judgement(200, body, is_accepted=True)


def request_status(request_id: str) -> Judgement:
    """What became of an accepted request, half an hour later."""
    if not request_id or request_id.startswith("t-"):
        return Judgement(404, error(404, "The request id is not known.", "NOT_FOUND"))
    counted = {"requestStatus": "SUCCESS", "eventsIngestionStatus": {"recordCount": "1"}}
    return Judgement(200, {"requestStatusPerDestination": [counted]}, is_accepted=True)


def _event(raw: Mapping[str, Any], request: Mapping[str, Any], destinations: list[Any]) -> JudgedEvent:
    references = raw.get("destinationReferences") or []
    event = JudgedEvent(str(raw.get("transactionId", "")), ", ".join(map(str, references)), raw)
    known = {destination.get("reference") for destination in destinations}
    event.check("destination_references", bool(references) and set(references) <= known, "names a destination")
    event.check("event_timestamp", _is_past(raw.get("eventTimestamp")), "RFC 3339 with offset, not in the future")
    event.check("event_source", raw.get("eventSource") == "WEB", "WEB")
    click_ids = raw.get("adIdentifiers") or {}
    identifiers = (raw.get("userData") or {}).get("userIdentifiers") or []
    has_address = bool((raw.get("eventDeviceInfo") or {}).get("ipAddress"))
    event.check("ad_identifiers", "gclid" not in raw, "click ids are nested, never flat")
    event.check("user_data", bool(click_ids or identifiers or has_address), "NO_IDENTIFIERS_PROVIDED")
    event.check("transaction_id", len(str(raw.get("transactionId", ""))) <= 64, "at most 64 characters")
    for one in identifiers:
        event.check("user_identifiers", len(one) == 1 and is_hash(next(iter(one.values()))), "one SHA-256 an entry")
    if identifiers:
        event.check("encoding", request.get("encoding") in ("HEX", "BASE64"), "required with user data")
    if "conversionValue" in raw or "currency" in raw:
        event.check("conversion_value", is_number(raw.get("conversionValue")), "a number")
        event.check("currency", bool(re.fullmatch("[A-Z]{3}", str(raw.get("currency", "")))), "INVALID_CURRENCY_CODE")
    return event


def _is_past(text: object) -> bool:
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return False
    return moment.tzinfo is not None and moment <= datetime.now(moment.tzinfo)
