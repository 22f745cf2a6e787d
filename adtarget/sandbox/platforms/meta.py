"""Judges requests as the Meta Conversions API does (developers.facebook.com/docs/marketing-api/conversions-api)."""

import hmac
import re
import secrets
import string
from collections.abc import Collection, Mapping
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
    is_whole,
)
from adtarget.sandbox.request import Request, parse_json

PATH = re.compile(r"/(v[0-9]{1,3}\.0)/([^/]+)/events")
MOST_EVENTS = 1000
HASHED = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "ge", "db", "external_id")
ACTION_SOURCES = frozenset(
    "website app phone_call chat email physical_store system_generated business_messaging other".split()
)
# No subset of these names a person (rule since v13.0).
TOO_WEAK = (
    {"ct", "country", "st", "zp", "ge", "client_user_agent"},
    {"db", "client_user_agent"},
    {"fn", "ge"},
    {"ln", "ge"},
)
ID_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-_")
#: Tokens with this word are of an app that requires its secret to be proven.
PROVEN, APP_SECRET = "prove", b"sandbox-app-secret"
CURRENCY = re.compile(r"[A-Za-z]{3}")
TITLES = {
    33: "Unsupported post request",
    463: "Session expired",
    2804001: "Invalid fbc",
    2804003: "Event Timestamp Too Old",
}


class Meta(Judge):
    slug, label = "meta", "Meta"
    refusals = {
        "auth": {"code": 190, "subcode": 463, "message": "Error validating access token: Session has expired."},
        "permission": {"code": 200, "status": 403, "message": "(#200) Permissions error"},
        "not_found": {"code": 100, "subcode": 33, "message": "Unsupported post request. Object does not exist."},
        "throttled": {"code": 80004, "message": "(#80004) There have been too many calls to this ad-account."},
        "blocked": {"code": 368, "message": "The action attempted has been deemed abusive or is otherwise disallowed"},
        "transient": {"code": 2, "is_transient": True, "status": 500, "message": "Service temporarily unavailable"},
        "invalid": {"code": 100, "message": "(#100) Invalid parameter"},
        "proof": {"code": 100, "message": "API calls from the server require an appsecret_proof argument"},
        "alias": {"code": 803, "message": "(#803) Some of the aliases you requested do not exist"},
        "retired": {"code": 2635, "message": "(#2635) You are calling a deprecated version of the API."},
        "too_old": {"code": 100, "subcode": 2804003, "message": "Invalid parameter"},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        document = _document(request)
        token = request.query.get("access_token") or request.form.get("access_token") or request.bearer
        return Submission(
            request,
            pixel=path[2] if path else "",
            token=token,
            events=events_of(document.get("data"), id_key="event_id", name_key="event_name"),
            is_test=bool(document.get("test_event_code")),
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        return (
            _token_refusal(terms.token_problem(submission.token))
            or _proof_refusal(submission)
            or self._payload_refusal(submission)
            or self.success(submission)
        )

    def success(self, submission: Submission) -> Judgement:
        body = {"events_received": len(submission.events), "messages": [], "fbtrace_id": _trace()}
        return Judgement(200, body, is_accepted=True, headers=_version(submission))

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        answer = _error(
            code=int(told.get("code", 100)),
            subcode=told.get("subcode"),
            message=str(told.get("message", "(#100) Invalid parameter")),
            is_transient=bool(told.get("is_transient")),
            status=int(told.get("status", 400)),
        )
        answer.headers |= _version(submission)
        return answer

    def miscount(self, body: Any) -> Any:
        return {**body, "events_received": body.get("events_received", 1) - 1}

    def _payload_refusal(self, submission: Submission) -> Judgement | None:
        if not submission.pixel.isdigit():
            return self.refusal({"name": "not_found"}, submission)
        if not is_size(_document(submission.request).get("data"), MOST_EVENTS):
            return _error(code=100, message=f"(#100) param data must be an array of 1 to {MOST_EVENTS} events.")
        if not submission.problem:
            return None
        index, problem = submission.problem
        subcode = int(problem.words) if problem.words else None
        return _error(code=100, subcode=subcode, message=f"data[{index}].{problem.field}: {problem.message}")


def _document(request: Request) -> dict[str, Any]:
    """The body; the vendor's SDK sends a form whose field `data` holds the array."""
    return (
        {**request.form, "data": parse_json(request.form.get("data", ""))}
        if request.is_form
        else as_dict(request.document)
    )


def _token_refusal(problem: str) -> Judgement | None:
    if problem == "missing":
        message = "An active access token must be used to query information about the current user."
        return _error(code=2500, message=message)
    if problem == "expired":
        return _error(code=190, subcode=463, message="Error validating access token: Session has expired.")
    return _error(code=190, message="Invalid OAuth access token - Cannot parse access token") if problem else None


def _proof_refusal(submission: Submission) -> Judgement | None:
    """An app may require that its secret is proven; a proof that is sent must be right in any case."""
    given = _document(submission.request).get("appsecret_proof")
    if given is None and PROVEN not in submission.token:
        return None
    if given is None:
        return _error(code=100, message="API calls from the server require an appsecret_proof argument")
    if given != hmac.digest(APP_SECRET, submission.token.encode(), "sha256").hex():
        return _error(code=100, message="Invalid appsecret_proof provided in the API argument")
    return None


def _error(
    *, code: int, message: str, subcode: int | None = None, is_transient: bool = False, status: int = 400
) -> Judgement:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "is_transient": is_transient}
    if subcode:
        error |= {"error_subcode": subcode, "error_user_title": TITLES.get(subcode, ""), "error_user_msg": message}
    return Judgement(status, {"error": {**error, "fbtrace_id": _trace()}})


def _trace() -> str:
    return f"A{secrets.token_urlsafe(16)}"


def _version(submission: Submission) -> dict[str, str]:
    return {"facebook-api-version": submission.request.path.split("/")[1]}


# ------------------------------------------------------------------ one event
def _check(event: Event, now: float) -> None:
    raw, user = event.raw, as_dict(event.raw.get("user_data"))
    event.check("event_name", is_text(raw.get("event_name")), "is a name")
    event.check("event_id", is_text(raw.get("event_id", "none")), "is a string")
    event.check("action_source", is_one_of(raw.get("action_source"), ACTION_SOURCES), "is one of Meta's")
    days = 62 if raw.get("action_source") == "physical_store" else 7
    check_time(event, raw.get("event_time"), now=now, days=days, words=TimeWords(old="2804003"))
    if raw.get("action_source") == "website":
        event.check("event_source_url", is_web_address(raw.get("event_source_url")), "is there, for a website")
        event.check("client_user_agent", is_text(user.get("client_user_agent")), "is there, for a website")
    _check_user(event, user)
    _check_money(event, as_dict(raw.get("custom_data")))
    _check_privacy(event, raw)


def _check_user(event: Event, user: Mapping[str, Any]) -> None:
    keys = {key for key, value in user.items() if value not in ("", None, [])}
    event.check("user_data", keys and not any(keys <= weak for weak in TOO_WEAK), "is enough to match a person")
    for key in HASHED:
        if key in user:
            event.check(key, are_hashes(user[key]), "is SHA-256 in lower-case hex")
    if "fbc" in user:
        event.check("fbc", _is_browser_value(user["fbc"], ID_CHARACTERS), "has its four parts", "2804001")
    if "fbp" in user:
        event.check("fbp", _is_browser_value(user["fbp"], frozenset(string.digits)), "has its four parts")
    if "client_ip_address" in user:
        event.check("client_ip_address", is_ip(user["client_ip_address"]), "is a bare address")


def _is_browser_value(value: Any, last: Collection[str]) -> bool:
    """`fb`, one digit, 10 to 13 digits, then only `last` characters, and perhaps an appendix of 2 or 8."""
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) == 5 and not (len(parts[4]) in (2, 8) and ID_CHARACTERS.issuperset(parts[4])):
        return False
    if len(parts) not in (4, 5) or parts[0] != "fb":
        return False
    digits = set(string.digits)
    right_numbers = len(parts[1]) == 1 and 10 <= len(parts[2]) <= 13 and digits.issuperset(parts[1] + parts[2])
    return right_numbers and bool(parts[3]) and set(last).issuperset(parts[3])


def _check_money(event: Event, custom: Mapping[str, Any]) -> None:
    value, currency = custom.get("value"), custom.get("currency")
    if event.name == "Purchase" or value is not None or currency is not None:
        event.check("value", is_amount(value), "is a number, not negative")
        event.check(
            "currency", isinstance(currency, str) and CURRENCY.fullmatch(currency), "is a code of three letters"
        )
    if "order_id" in custom:
        event.check("order_id", is_text(custom["order_id"]), "is a string")


def _check_privacy(event: Event, raw: Mapping[str, Any]) -> None:
    if "opt_out" in raw:
        event.check("opt_out", isinstance(raw["opt_out"], bool), "is true or false")
    if "data_processing_options" in raw:
        options = raw["data_processing_options"]
        event.check("data_processing_options", options in ([], ["LDU"]), "is empty or LDU")
        country, state = (raw.get(f"data_processing_options_{place}") for place in ("country", "state"))
        event.check("data_processing_options_state", country is None or is_whole(state), "comes with a country")
