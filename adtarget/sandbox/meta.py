"""Meta's endpoint as platforms.md, section 1, tells it."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import JudgedEvent, Judgement, bearer, check_money, check_time, is_hash, refuses_token

PATH = re.compile(r"/v\d+\.\d/(?P<pixel>[^/]+)/events")
HASHED = ("em", "ph", "fn", "ln", "external_id", "ct", "st", "zp", "country", "db", "ge")
SOURCES = "website app phone_call chat email physical_store system_generated business_messaging other".split()
#: Keys of which no subset identifies a person (rule since v13.0).
TOO_WEAK = (
    {"ct", "country", "st", "zp", "ge", "client_user_agent"},
    {"db", "client_user_agent"},
    {"fn", "ge"},
    {"ln", "ge"},
)
FBC = re.compile(r"fb\.[0-9]\.[0-9]{10,13}\.\S+")
NAMES = {
    2804003: "Event Timestamp Too Old",
    2804001: "Invalid fbc",
    2804019: "Missing currency or value",
    33: "Unsupported post request",
    463: "Session has expired",
}


def judge(pixel: str, headers: Mapping[str, str], query: Mapping[str, str], body: Any) -> Judgement:
    """The whole request is accepted or refused."""
    if refuses_token(bearer(headers) or query.get("access_token", "")):
        return Judgement(401, error(190, 463, "Error validating access token: Session has expired."))
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or not data or len(data) > 1000:
        return Judgement(400, error(100, None, "(#100) param data must be an array of 1 to 1,000 events."))
    events = [_event(raw if isinstance(raw, dict) else {}) for raw in data]
    for index, event in enumerate(events):
        if problem := event.first_problem:
            subcode = {"fbc": 2804001, "value": 2804019, "currency": 2804019}.get(problem.field)
            if problem.field == "event_time" and "old" in problem.message:
                subcode = 2804003
            message = f"Invalid parameter: data[{index}].{problem.field}: {problem.message}"
            return Judgement(400, error(100, subcode, message), events)
    return Judgement(200, success(len(events)), events, is_accepted=True)


def success(count: int) -> dict[str, Any]:
    return {"events_received": count, "messages": [], "fbtrace_id": _trace()}


def error(code: int, subcode: int | None, message: str, *, transient: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": transient,
        "fbtrace_id": _trace(),
    }
    if subcode:
        told |= {"error_subcode": subcode, "error_user_title": NAMES.get(subcode, ""), "error_user_msg": message}
    return {"error": told}


def _trace() -> str:
    return "A" + secrets.token_urlsafe(14)


def _event(raw: Mapping[str, Any]) -> JudgedEvent:
    event = JudgedEvent(str(raw.get("event_id", "")), str(raw.get("event_name", "")), raw)
    user = raw["user_data"] if isinstance(raw.get("user_data"), dict) else {}
    custom = raw["custom_data"] if isinstance(raw.get("custom_data"), dict) else {}
    event.check("event_name", isinstance(raw.get("event_name"), str) and bool(raw["event_name"]), "a name")
    event.check("event_id", isinstance(raw.get("event_id", ""), str), "a string")
    check_time(event, "event_time", raw.get("event_time"), oldest_days=7)
    event.check("action_source", raw.get("action_source") in SOURCES, "a known source")
    if raw.get("action_source") == "website":
        event.check("event_source_url", bool(raw.get("event_source_url")), "required for website")
        event.check("client_user_agent", bool(user.get("client_user_agent")), "required for website")
    keys = set(user)
    event.check("user_data", bool(keys) and not any(keys <= weak for weak in TOO_WEAK), "identifies a person")
    for key in HASHED:
        if key in user:
            event.check(key, is_hash(user[key]), "SHA-256, lower-case hex")
    if "fbc" in user:
        event.check("fbc", isinstance(user["fbc"], str) and bool(FBC.fullmatch(user["fbc"])), "fb.1.<ms>.<fbclid>")
    if "fbp" in user:
        event.check("fbp", isinstance(user["fbp"], str) and user["fbp"].startswith("fb."), "fb.1.<ms>.<random>")
    check_money(event, custom, needed=raw.get("event_name") == "Purchase")
    return event
