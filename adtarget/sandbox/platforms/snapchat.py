"""Judges requests as the Snapchat Conversions API v3 does (developers.snap.com/api/marketing-api/Conversions-API)."""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import (
    Event,
    Judge,
    Judgement,
    Submission,
    Terms,
    TimeWords,
    are_hashes,
    as_dict,
    check_time,
    events_of,
    is_amount,
    is_ip,
    is_one_of,
    is_size,
    is_text,
    is_web_address,
)
from adtarget.sandbox.request import Request

PATH = re.compile(r"/v3/([^/]+)/events(/validate)?")
MOST_EVENTS = 2000
HASHED = ("em", "ph", "fn", "ln", "ge", "ct", "st", "zp", "country", "db", "external_id")
LISTS = frozenset({"em", "ph", "fn", "ln"})
WEB_SOURCES = frozenset({"WEB", "website"})
ACTION_SOURCES = WEB_SOURCES | {"MOBILE_APP", "OFFLINE", "app"}
EVENT_NAMES = frozenset(
    "PAGE_VIEW VIEW_CONTENT ADD_CART ADD_TO_WISHLIST ADD_BILLING START_CHECKOUT PURCHASE SIGN_UP SUBSCRIBE START_TRIAL "
    "LOGIN SEARCH SAVE SHARE INVITE RATE LIST_VIEW RESERVE AD_CLICK AD_VIEW ACHIEVEMENT_UNLOCKED LEVEL_COMPLETE "
    "COMPLETE_TUTORIAL SPENT_CREDITS APP_INSTALL APP_OPEN CUSTOM_EVENT_1 CUSTOM_EVENT_2 CUSTOM_EVENT_3 CUSTOM_EVENT_4 "
    "CUSTOM_EVENT_5".split()
)
TIME_WORDS = TimeWords(
    type="is an invalid Unix timestamp.", ahead="is an invalid Unix timestamp.", old="is out of range."
)


class Snapchat(Judge):
    slug, label = "snapchat", "Snapchat"
    refusals = {
        "auth": {"status": 401, "message": "The access token is invalid or has expired."},
        "permission": {"status": 403, "message": "The token's organisation does not own the pixel."},
        "not_found": {"status": 404, "message": "The pixel does not exist."},
        "throttled": {"status": 429, "message": "Too many requests."},
        "transient": {"status": 500, "message": "Internal error."},
        "invalid": {"status": 400, "message": "Param data is invalid."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        document = as_dict(request.document)
        return Submission(
            request,
            pixel=path[1] if path else "",
            token=request.query.get("access_token") or request.bearer,
            events=events_of(document.get("data"), id_key="event_id", name_key="event_name"),
            is_test=_is_validation(request) or bool(document.get("test_event_code")),
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        if "unknown" in submission.pixel:
            return self.refusal({"name": "not_found"}, submission)
        if not is_size(as_dict(submission.request.document).get("data"), MOST_EVENTS):
            return self.refusal({"message": f"Param data must hold 1 to {MOST_EVENTS} events."}, submission)
        if submission.problem is None:
            return self.success(submission)
        if _is_validation(submission.request):
            return _validation_refusal(submission)
        return self._event_refusal(submission, submission.problem[0])

    def success(self, submission: Submission) -> Judgement:
        body: dict[str, Any] = {"status": "VALID", "reason": ""}
        if _is_validation(submission.request):
            body |= {"test_event": True, "event_logs": _logs(submission)}
        return Judgement(200, body, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), _invalid(str(told["message"]), told.get("event")))

    def _event_refusal(self, submission: Submission, index: int) -> Judgement:
        # A lone event was seen refused without an index; the SDK's schema has one.
        told = {"message": _words(submission.events[index])[0], "event": index if len(submission.events) > 1 else None}
        return self.refusal(told, submission)


def _is_validation(request: Request) -> bool:
    return request.path.endswith("/validate")


def _invalid(message: str, index: int | None) -> dict[str, Any]:
    if index is None:
        return {"status": "INVALID", "error_msgs": [message]}
    return {"status": "INVALID", "event": index, "errors": {"codes": [400], "error_msgs": [message]}}


def _validation_refusal(submission: Submission) -> Judgement:
    """`validate` lists everything that is wrong with each event, with status 200."""
    reason = "Some events are invalid."
    return Judgement(200, {"status": "INVALID", "test_event": True, "reason": reason, "event_logs": _logs(submission)})


def _logs(submission: Submission) -> list[dict[str, Any]]:
    logs = []
    for index, event in enumerate(submission.events):
        status = "INVALID" if event.problem else "VALID"
        logs.append({"event": index, "status": status, "errors": {"error_msgs": _words(event)}, "warnings": []})
    return logs


def _words(event: Event) -> list[str]:
    failed = (check for check in event.checks if not check.ok)
    return [f"Param data['{check.field}'] {check.words or f'is invalid: it {check.message}.'}" for check in failed]


# ------------------------------------------------------------------ one event
def _check(event: Event, now: float) -> None:
    raw, user = event.raw, as_dict(event.raw.get("user_data"))
    is_web = is_one_of(raw.get("action_source"), WEB_SOURCES)
    event.check("event_name", is_one_of(raw.get("event_name"), EVENT_NAMES), "is one of Snapchat's")
    event.check("event_id", is_text(raw.get("event_id", "none")), "is a string")
    event.check("action_source", is_one_of(raw.get("action_source"), ACTION_SOURCES), "is WEB, MOBILE_APP or OFFLINE")
    if is_web:
        event.check("event_source_url", is_web_address(raw.get("event_source_url")), "is there, for WEB")
    check_time(event, raw.get("event_time"), now=now, days=7 if is_web else 37, words=TIME_WORDS)
    _check_user(event, user)
    _check_money(event, as_dict(raw.get("custom_data")))


def _check_user(event: Event, user: Mapping[str, Any]) -> None:
    has_address = user.get("client_ip_address") and user.get("client_user_agent")
    known = user.get("em") or user.get("ph") or user.get("madid") or has_address
    event.check("user_data", known, "has e-mail, phone, madid, or IP with user agent")
    for key in HASHED:
        if key in user:
            event.check(key, are_hashes(user[key]), "is SHA-256 in lower-case hex")
        if key in user and key in LISTS:
            event.check(key, isinstance(user[key], list), "is a list")
    if "client_ip_address" in user:
        event.check("client_ip_address", is_ip(user["client_ip_address"]), "is a bare address, never hashed")
    for key in ("sc_click_id", "sc_cookie1", "client_user_agent"):
        if key in user:
            event.check(key, is_text(user[key]), "is a string")


def _check_money(event: Event, custom: Mapping[str, Any]) -> None:
    value, currency = custom.get("value"), custom.get("currency")
    if event.name == "PURCHASE" or value is not None or currency is not None:
        event.check("value", is_amount(value), "is a number")
        event.check("currency", _is_currency(currency), "is a code of three letters in upper case")
    if "order_id" in custom:
        event.check("order_id", is_text(custom["order_id"]), "is a string")


def _is_currency(value: Any) -> bool:
    """Snapchat publishes no list of codes."""
    return isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()
