"""Snapchat's endpoint as platforms.md, section 3, tells it."""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import JudgedEvent, Judgement, bearer, check_money, check_time, is_hash, refuses_token

PATH = re.compile(r"/v3/(?P<pixel>[^/]+)/events(?P<validate>/validate)?")
HASHED = ("em", "ph", "fn", "ln", "external_id", "ge", "ct", "st", "zp", "country", "db")


def judge(headers: Mapping[str, str], query: Mapping[str, str], body: Any, *, validate_only: bool) -> Judgement:
    if refuses_token(bearer(headers) or query.get("access_token", "")):
        return Judgement(401, {"status": "INVALID", "reason": "The access token is not valid."})
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or not 1 <= len(data) <= 2000:
        return Judgement(400, invalid("data must hold 1 to 2,000 events."))
    events = [_event(raw if isinstance(raw, dict) else {}) for raw in data]
    for index, event in enumerate(events):
        if problem := event.first_problem:
            message = f"Param data[{index}]['{problem.field}'] is invalid: {problem.message}."
            return Judgement(400, invalid(message, event=index), events)
    answer: dict[str, Any] = {"status": "VALID", "reason": ""}
    if validate_only:
        logs = [{"event": index, "status": "VALID"} for index in range(len(events))]
        answer |= {"test_event": True, "event_logs": logs}
    return Judgement(200, answer, events, is_accepted=True)


def invalid(message: str, event: int | None = None) -> dict[str, Any]:
    if event is None:
        return {"status": "INVALID", "error_msgs": [message]}
    return {"status": "INVALID", "event": event, "errors": {"codes": [400], "error_msgs": [message]}}


def _event(raw: Mapping[str, Any]) -> JudgedEvent:
    event = JudgedEvent(str(raw.get("event_id", "")), str(raw.get("event_name", "")), raw)
    user = raw["user_data"] if isinstance(raw.get("user_data"), dict) else {}
    custom = raw["custom_data"] if isinstance(raw.get("custom_data"), dict) else {}
    event.check("event_name", bool(re.fullmatch("[A-Z_0-9]+", str(raw.get("event_name", "")))), "upper snake case")
    check_time(event, "event_time", raw.get("event_time"), oldest_days=7)
    event.check("action_source", raw.get("action_source") in ("WEB", "MOBILE_APP", "OFFLINE"), "a known source")
    event.check("event_source_url", bool(raw.get("event_source_url")), "required for WEB")
    has_address = bool(user.get("client_ip_address") and user.get("client_user_agent"))
    event.check("user_data", bool(user.get("em") or user.get("ph") or has_address), "em, ph, or IP with user agent")
    for key in HASHED:
        if key in user:
            event.check(key, isinstance(user[key], list) and is_hash(user[key]), "a list of SHA-256, lower-case hex")
    check_money(event, custom, needed=raw.get("event_name") == "PURCHASE")
    return event
