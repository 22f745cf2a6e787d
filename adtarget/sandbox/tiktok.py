"""TikTok's endpoint as platforms.md, section 2, tells it."""

import secrets
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import JudgedEvent, Judgement, check_money, check_time, is_hash, refuses_token

PATH = "/open_api/v1.3/event/track/"
SOURCES = ("web", "app", "offline", "crm")
HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")


def judge(headers: Mapping[str, str], body: Any) -> Judgement:
    if refuses_token(headers.get("Access-Token", "")) or headers.get("Access-Token", "").startswith("Bearer"):
        return Judgement(401, answer(40105, "Access token is incorrect or has been revoked."))
    if not isinstance(body, dict) or body.get("event_source") not in SOURCES or not body.get("event_source_id"):
        return Judgement(200, answer(40002, "event_source or event_source_id: Missing data for required field."))
    data = body.get("data")
    if not isinstance(data, list) or not 1 <= len(data) <= 1000:
        return Judgement(200, answer(40002, "data: Length must be between 1 and 1000."))
    events = [_event(raw if isinstance(raw, dict) else {}) for raw in data]
    for index, event in enumerate(events):
        if problem := event.first_problem:
            return Judgement(
                200, answer(40002, f"Batch.{index}.{problem.field}: Not a valid value, {problem.message}."), events
            )
    return Judgement(200, answer(0, "OK"), events, is_accepted=True)


def answer(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": secrets.token_hex(16), "data": {}}


def _event(raw: Mapping[str, Any]) -> JudgedEvent:
    event = JudgedEvent(str(raw.get("event_id", "")), str(raw.get("event", "")), raw)
    user = raw["user"] if isinstance(raw.get("user"), dict) else {}
    page = raw["page"] if isinstance(raw.get("page"), dict) else {}
    properties = raw["properties"] if isinstance(raw.get("properties"), dict) else {}
    event.check("event", bool(raw.get("event")), "required")
    event.check("event_id", isinstance(raw.get("event_id"), str), "a string")
    check_time(event, "event_time", raw.get("event_time"), oldest_days=7)
    event.check("user", bool(user), "required")
    event.check("page.url", str(page.get("url", "")).startswith("http"), "required for web")
    for key in HASHED:
        if key in user:
            event.check(f"user.{key}", is_hash(user[key]), "SHA-256, lower-case hex")
    check_money(event, properties, needed=raw.get("event") == "Purchase")
    return event
