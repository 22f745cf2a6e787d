"""What Google says later of a request it has accepted: `requestStatus:retrieve`.

Counts are per reason, never per event: the fate of one event is known only
where all of its request share it. Source: Data Manager API, "Diagnostics" and
the reference of 2026-07-28.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Counted
from dispatch.platforms.building import text
from dispatch.platforms.later import Diagnosis, LaterAnswers

#: First asked after half an hour, then 1.3 times as long each time, at most an hour apart.
GROWTH, LONGEST_WAIT = 1.3, 2.0
#: Longest first: some reasons have only the shorter one.
PREFIXES = ("PROCESSING_ERROR_REASON_", "PROCESSING_ERROR_")
#: Reasons that Google words in several ways, such as for each kind of terms.
ENDINGS = ("TERMS_NOT_SIGNED",)
OUTCOMES = {"SUCCESS": Counted.COUNTED, "PARTIAL_SUCCESS": Counted.PARTLY, "FAILED": Counted.DROPPED}

#: Google's reasons without their prefix, and what to do about them.
MEANINGS: Mapping[str, str] = {
    "INVALID_GCLID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    "INVALID_GBRAID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    "INVALID_WBRAID": "The click id does not decode: see that the page hands it over whole and in its own case.",
    **dict.fromkeys(
        ["INVALID_CLICK", "CLICK_NOT_FOUND"],
        "Google knows no such click in this account. Compare the customer id with the ad's account.",
    ),
    **dict.fromkeys(
        ["OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER", "INVALID_OPERATING_ACCOUNT_FOR_CLICK"],
        "The click belongs to another account. Compare the customer id with the ad's account.",
    ),
    "INVALID_AD_IDENTIFIERS": "The click ids do not decode or do not fit together: hand them over whole.",
    "ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID": (
        "With gbraid or wbraid the conversion action must count every conversion. Change its count in Google Ads."
    ),
    "TERMS_NOT_SIGNED": "Google's terms for customer data are not signed. Sign them in Google Ads.",
    "CONVERSION_PRECEDES_CLICK": "The event is older than its click. Compare eventTime with the visit's time.",
    "TOO_RECENT_CLICK": "The click was too young to be known. Later events will count; this one is lost.",
    "EVENT_TOO_OLD": "The click was too long ago for the window of the conversion action.",
    "DUPLICATE_TRANSACTION_ID": "It was counted before, under the same id: nothing is lost.",
    "DUPLICATE_GCLID": "The conversion action counts one event a click, and had one.",
    **dict.fromkeys(
        ["DENIED_CONSENT", "NO_CONSENT", "UNKNOWN_CONSENT"],
        "Without the visitor's consent Google drops it. Set the site's consent to what your banner collects.",
    ),
}


class GoogleDiagnostics(LaterAnswers):
    requests_per_minute = 200  # of 300 per Cloud project and minute
    give_up_after = timedelta(hours=24)

    def url(self, api_url: str, request_id: str) -> str:
        return f"{api_url}/v1/requestStatus:retrieve?{urlencode({'requestId': request_id})}"

    def read(self, answer: HttpAnswer) -> Diagnosis | None:
        if answer.status == 404 and answer.complete:
            return Diagnosis(counted=Counted.UNKNOWN)
        body = answer.json() if answer.status == 200 else None
        told = body.get("requestStatusPerDestination") if isinstance(body, dict) else None
        statuses = [status for status in told if isinstance(status, dict)] if isinstance(told, list) else []
        outcomes = {OUTCOMES.get(text(status.get("requestStatus")), Counted.WAITING) for status in statuses}
        if not outcomes:
            return None
        if Counted.WAITING in outcomes:  # an empty list of errors means nothing yet
            return Diagnosis(counted=Counted.WAITING)
        counted = outcomes.pop() if len(outcomes) == 1 else Counted.PARTLY
        return Diagnosis(counted=counted, reasons=dict(sum(map(_reasons, statuses), Counter[str]())))

    def next_wait(self, first: timedelta, *, asked: int) -> timedelta:
        return min(first * GROWTH**asked, first * LONGEST_WAIT)

    def meaning(self, reason: str) -> str:
        known = MEANINGS.get(reason) or next((MEANINGS[end] for end in ENDINGS if reason.endswith(end)), "")
        return known or f"Google's reason: {reason}."


def _reasons(status: Mapping[str, Any]) -> "Counter[str]":
    info = status.get("errorInfo")
    counts = info.get("errorCounts") if isinstance(info, dict) else None
    found = Counter[str]()
    for entry in counts if isinstance(counts, list) else []:
        if isinstance(entry, dict) and text(entry.get("recordCount")).isdigit():
            found[_bare(text(entry.get("reason")))] += int(text(entry["recordCount"]))
    return found


def _bare(reason: str) -> str:
    """A reason without its prefix."""
    prefix = next((prefix for prefix in PREFIXES if reason.startswith(prefix)), "")
    return reason.removeprefix(prefix)
