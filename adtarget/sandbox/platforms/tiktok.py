"""Judges requests as the TikTok Events API 2.0 (v1.3) does (business-api.tiktok.com/portal/docs).

Everything is in the body's `code`; the HTTP status says little, and here it says as little as it does there.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
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
    as_list,
    as_text,
    check_time,
    events_of,
    is_amount,
    is_ip,
    is_number,
    is_one_of,
    is_size,
    is_text,
    is_web_address,
)
from adtarget.sandbox.request import Request

PATH = "/open_api/v1.3/event/track/"
MOST_EVENTS = 1000
SOURCES = frozenset({"web", "app", "offline", "crm"})
HASHED = ("email", "phone", "external_id", "first_name", "last_name", "zip_code")
TEXTS = ("ttclid", "ttp", "ip", "user_agent", "locale")
RESERVED = frozenset("AddBilling Browse Checkout ClickForm Registration StartCheckout".split())
CURRENCIES = frozenset(
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK "
    "JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY "
    "TWD UAH USD VES VND ZAR".split()
)
MISSING, NO_STRING, NO_INTEGER = "Missing data for required field.", "Not a valid string.", "Not a valid integer."


class TikTok(Judge):
    slug, label = "tiktok", "TikTok"
    refusals = {
        "auth": {"code": 40105, "status": 401, "message": "Access token is incorrect or has been revoked."},
        "expired": {"code": 40102, "status": 401, "message": "Access token has expired."},
        "permission": {"code": 40001, "status": 401, "message": "No permission to operate event source."},
        "not_found": {"code": 40007, "message": "The object does not exist."},
        "throttled": {"code": 40100, "status": 401, "message": "Too many requests. Please retry later."},
        "transient": {"code": 50000, "message": "Internal system error."},
        "frequency": {"code": 40132, "message": "Request too frequent."},
        "conflict": {"code": 40202, "message": "Another write is going on."},
        "busy": {"code": 61000, "message": "Too many requests."},
        "maintenance": {"code": 60001, "message": "Under maintenance."},
        "scope": {"code": 40113, "message": "The token lacks a permission."},
        "advertiser": {"code": 40130, "message": "The advertiser cannot be used."},
        "retired": {"code": 40006, "message": "This version is no longer available."},
        "duplicate": {"code": 40050, "message": "Duplicated request."},
        "invalid": {"code": 40002, "message": "Invalid parameter."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and request.path == PATH

    def read(self, request: Request) -> Submission:
        document = as_dict(request.document)
        return Submission(
            request,
            pixel=as_text(document.get("event_source_id")),
            token=request.headers.get("access-token", ""),
            events=events_of(document.get("data"), id_key="event_id", name_key="event"),
            is_test=bool(document.get("test_event_code")),
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        document = as_dict(submission.request.document)
        for event in submission.events:
            _check(event, source=document.get("event_source"), now=terms.now)
        message = _root_problem(submission.request, document) or _event_problem(submission)
        refused = self._token_refusal(terms.token_problem(submission.token), submission)
        return refused or (self.refusal({"message": message}, submission) if message else self.success(submission))

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, _body(0, "OK"), is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told.get("status", 200)), _body(int(told["code"]), str(told["message"])))

    def _token_refusal(self, problem: str, submission: Submission) -> Judgement | None:
        if problem == "missing":
            message = "Access token is empty."
            return self.refusal({"name": "auth", "code": 40104, "message": message}, submission)
        if submission.token.startswith("Bearer"):
            problem = "bad"
        return self.refusal({"name": "expired" if problem == "expired" else "auth"}, submission) if problem else None


def _body(code: int, message: str) -> dict[str, Any]:
    request_id = f"{datetime.now(UTC):%Y%m%d%H%M%S}{secrets.token_hex(9).upper()}"
    return {"code": code, "message": message, "request_id": request_id, "data": {}}


def _root_problem(request: Request, document: Mapping[str, Any]) -> str:
    if not request.is_json or not document:
        return "The body must be JSON."
    if not is_one_of(document.get("event_source"), SOURCES):
        return f"event_source: Must be one of: {', '.join(sorted(SOURCES))}."
    if not is_text(document.get("event_source_id")):
        return f"event_source_id: {MISSING}"
    return "" if is_size(document.get("data"), MOST_EVENTS) else f"data: Length must be between 1 and {MOST_EVENTS}."


def _event_problem(submission: Submission) -> str:
    if not submission.problem:
        return ""
    index, problem = submission.problem
    return f"Batch.{index}.{problem.field}: {problem.words or f'Not a valid value: it {problem.message}.'}"


# ------------------------------------------------------------------ one event
def _check(event: Event, *, source: Any, now: float) -> None:
    raw, user, properties = event.raw, event.raw.get("user"), as_dict(event.raw.get("properties"))
    event.check("event", is_text(raw.get("event")), "is a name", MISSING)
    event.check("event", not is_one_of(raw.get("event"), RESERVED), "is no reserved word", "Reserved event name.")
    event.check("event_id", is_text(raw.get("event_id", "none")), "is a string", NO_STRING)
    check_time(event, raw.get("event_time"), now=now, days=28, words=TimeWords(type=NO_INTEGER))
    event.check("user", isinstance(user, dict) and user, "is there", MISSING)
    _check_user(event, as_dict(user))
    if source == "web":
        event.check("page.url", is_web_address(as_dict(raw.get("page")).get("url")), "is there, for the web", MISSING)
    _check_money(event, properties)
    _check_contents(event, properties)
    if "limited_data_use" in raw:
        event.check("limited_data_use", isinstance(raw["limited_data_use"], bool), "is true or false")


def _check_user(event: Event, user: Mapping[str, Any]) -> None:
    for key in HASHED:
        if key in user:
            event.check(f"user.{key}", are_hashes(user[key]), "is SHA-256 in lower-case hex")
    for key in TEXTS:
        if key in user:
            event.check(f"user.{key}", is_text(user[key]), "is a string", NO_STRING)
    if "ip" in user:
        event.check("user.ip", is_ip(user["ip"]), "is a bare address")
    if "ttclid" in user:
        event.check("user.ttclid", len(str(user["ttclid"])) <= 1000, "has at most 1,000 characters")


def _check_money(event: Event, properties: Mapping[str, Any]) -> None:
    value, currency = properties.get("value"), properties.get("currency")
    if value is not None or currency is not None:  # without both an event counts, and only its value is not known
        event.check("properties.value", is_amount(value), "is a number", "Not a valid number.")
        event.check("properties.currency", is_one_of(currency, CURRENCIES), "is one that TikTok supports")
    if "order_id" in properties:
        event.check("properties.order_id", is_text(properties["order_id"]), "is a string", NO_STRING)


def _check_contents(event: Event, properties: Mapping[str, Any]) -> None:
    if "contents" not in properties:
        return
    event.check("properties.contents", isinstance(properties["contents"], list), "is a list", "Not a valid list.")
    for index, content in enumerate(map(as_dict, as_list(properties["contents"]))):
        place = f"properties.contents.{index}"
        if "content_id" in content:
            event.check(f"{place}.content_id", is_text(content["content_id"]), "is a string", "Not a valid string")
        for key in ("price", "quantity"):
            if key in content:
                event.check(f"{place}.{key}", is_number(content[key]), "is a number", "Not a valid number.")
