"""Google's answers: which statuses and reasons mean what, and what to do about them.

Source: Data Manager API, "ErrorReason" (2026-07) and google.rpc.Code.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome
from dispatch.platforms.building import text
from dispatch.platforms.facts import Payload
from dispatch.platforms.reading import Verdict, longest, not_their_words, refused, unrecognised
from dispatch.platforms.words import THEIR_TROUBLE, THROTTLED

#: Canonical statuses and what they ask of us.
STATUSES = {
    "INVALID_ARGUMENT": Outcome.REJECTED,
    "UNAUTHENTICATED": Outcome.AUTH,
    "PERMISSION_DENIED": Outcome.AUTH,
    "NOT_FOUND": Outcome.AUTH,
    "ABORTED": Outcome.RETRY,
    "RESOURCE_EXHAUSTED": Outcome.RETRY,
    "UNAVAILABLE": Outcome.RETRY,
    # These three may come after the work was done.
    "INTERNAL": Outcome.AMBIGUOUS,
    "UNKNOWN": Outcome.AMBIGUOUS,
    "DEADLINE_EXCEEDED": Outcome.AMBIGUOUS,
}
HTTP_OF_CREDENTIAL = frozenset({401, 403, 404})

#: Reasons of a 400 that speak of the account or the destination, not of an event.
DESTINATION_REASONS = frozenset(
    {
        "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
        "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
        "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
        "DESTINATION_ACCOUNT_TYPE_MISMATCH",
        "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
        "EVENT_SOURCE_AND_DESTINATION_MISMATCH",
        "INVALID_CONVERSION_ACTION_ID",
        "INVALID_CONVERSION_ACTION_TYPE",
        "INVALID_DESTINATION",
        "MISMATCHED_ACCOUNT_TYPE",
        "NOT_ALLOWLISTED",
        "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
        "TERMS_AND_CONDITIONS_NOT_SIGNED",
    }
)

MINUTE_QUOTA_WAIT = timedelta(seconds=60)
DAY_QUOTA_WAIT = timedelta(hours=6)  # reset at an unknown hour: asked four times a day

DESTINATION = re.compile(r"\bdestinations\[")
EVENT_INDEX = re.compile(r"\bevents\[([0-9]{1,6})\]")

MEANINGS = {
    "UNAUTHENTICATED": "Google refused the credentials. Enter new ones at the pixel: its sends wait.",
    "CREDENTIALS_MISSING": "Google refused the credentials. Enter new ones at the pixel: its sends wait.",
    **dict.fromkeys(
        ["PERMISSION_DENIED", "USER_PERMISSION_DENIED"],
        "The credentials have no access to this customer. Grant it in Google Ads, then resume.",
    ),
    "SERVICE_DISABLED": "The Data Manager API is switched off in the Cloud project. Switch it on, then resume.",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The credentials lack the datamanager scope. Authorise again with it.",
    "NOT_FOUND": "Google knows no such customer or conversion action. Compare both ids with Google Ads.",
    "NOT_ALLOWLISTED": "Google has not allowed this account to upload yet. Ask Google's support.",
    "INVALID_CONVERSION_ACTION_ID": "There is no such conversion action. Correct conversionActions of the pixel.",
    "INVALID_CONVERSION_ACTION_TYPE": "The conversion action must be of the type “Import”. Choose another.",
    "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS": (
        "Enhanced conversions for leads are off in this account. Switch them on in Google Ads, then resume."
    ),
    "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED": (
        "The customer data terms are not signed. Sign them in Google Ads, then resume."
    ),
    "TERMS_AND_CONDITIONS_NOT_SIGNED": (
        "Google's terms for this kind of data are not signed. Sign them in Google Ads, then resume."
    ),
    "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS": (
        "Google's data policy does not allow this account to send contacts. See Policy in Google Ads, then resume."
    ),
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH": (
        "The manager account has no access to this customer. Correct the pixel's option loginAccount, then resume."
    ),
    **dict.fromkeys(
        ["DESTINATION_ACCOUNT_TYPE_MISMATCH", "MISMATCHED_ACCOUNT_TYPE", "INVALID_DESTINATION"],
        "The customer id is of no Google Ads account that takes conversions. Compare it with Google Ads, then resume.",
    ),
    "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED": (
        "Google wants the declaration on EU political ads first. Give it in Google Ads, then resume."
    ),
    "INVALID_ARGUMENT": "Google found the event wrong. The answer below says what; correct it, then retry.",
    "RESOURCE_EXHAUSTED": THROTTLED,
    **dict.fromkeys(["ABORTED", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED"], THEIR_TROUBLE),
}


def judge(answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
    match body:
        case {"error": {"status": str()} | {"code": int()}}:
            return _error(answer, body["error"], count)
        case {"requestId": str(request_id)} if answer.status == 200 and request_id and "error" not in body:
            return [Verdict(outcome=Outcome.ACCEPTED, message=_warnings(body), trace_id=request_id)] * count
    if not isinstance(body, dict):
        return not_their_words(answer, count)
    if answer.status in HTTP_OF_CREDENTIAL:
        return [Verdict(outcome=Outcome.AUTH, code=f"http_{answer.status}")] * count
    return unrecognised(answer, count)


def _error(answer: HttpAnswer, error: Payload, count: int) -> list[Verdict]:
    status = text(error.get("status"))
    infos, violations = _details(error, "ErrorInfo"), _violations(error)
    reasons = [text(item.get("reason")) for item in (*violations, *infos) if item.get("reason")]
    outcome = STATUSES.get(status) or (Outcome.AUTH if answer.status in HTTP_OF_CREDENTIAL else None)
    if outcome is None:
        return unrecognised(answer, count)
    if outcome == Outcome.REJECTED and _blames_destination(reasons, violations):
        outcome = Outcome.AUTH
    verdict = Verdict(
        outcome=outcome,
        code=reasons[0] if reasons else status,
        message="; ".join(map(_sentence, violations)) or text(error.get("message")),
        trace_id=next((text(info.get("requestId")) for info in _details(error, "RequestInfo")), ""),
        wait=longest(_quota_wait(infos) if status == "RESOURCE_EXHAUSTED" else None, answer.retry_after),
    )
    if outcome == Outcome.REJECTED:
        return refused(verdict, count, guilty=map(int, EVENT_INDEX.findall(" ".join(map(_field, violations)))))
    return [verdict] * count


def _details(error: Payload, kind: str) -> list[Payload]:
    return [item for item in _dicts(error.get("details")) if text(item.get("@type")).endswith(kind)]


def _violations(error: Payload) -> list[Payload]:
    return [item for detail in _details(error, "BadRequest") for item in _dicts(detail.get("fieldViolations"))]


def _dicts(value: Any) -> list[Payload]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _field(violation: Payload) -> str:
    return text(violation.get("field"))


def _sentence(violation: Payload) -> str:
    return f"{_field(violation)}: {text(violation.get('description'))}"


def _blames_destination(reasons: Sequence[str], violations: Sequence[Payload]) -> bool:
    """Is it the account or the conversion action, which all events share, and not an event?"""
    return any(reason in DESTINATION_REASONS for reason in reasons) or any(
        DESTINATION.search(_field(violation)) for violation in violations
    )


def _quota_wait(infos: Sequence[Payload]) -> timedelta:
    limits = [text(info["metadata"].get("quota_limit")) for info in infos if isinstance(info.get("metadata"), dict)]
    return DAY_QUOTA_WAIT if any("day" in limit.lower() for limit in limits) else MINUTE_QUOTA_WAIT


def _warnings(body: Payload) -> str:
    return "; ".join(map(_sentence, _dicts(body.get("fieldWarnings"))))
