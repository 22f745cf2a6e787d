"""What Google says later of a request it has accepted: `requestStatus:retrieve`.

Facts: platforms.md, sections 4.4 and 4.6 (reference of 2026-07-28). Counts
are per reason, never per event: the fate of one event is known only where
all of its request share it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Counted
from dispatch.platforms.base import text

#: First asked after half an hour, then 1.3 times as long each time, at most an hour apart, for a day.
GROWTH, LONGEST_WAIT, GIVE_UP_AFTER = 1.3, 2.0, timedelta(hours=24)
PREFIX = "PROCESSING_ERROR_REASON_"
OUTCOMES = {"SUCCESS": Counted.COUNTED, "PARTIAL_SUCCESS": Counted.PARTLY, "FAILED": Counted.DROPPED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What became of a request. `reasons`: records dropped, by Google's reason without its prefix."""

    counted: Counted
    reasons: Mapping[str, int] = field(default_factory=dict)


def status_url(api_url: str, request_id: str) -> str:
    return f"{api_url}/v1/requestStatus:retrieve?{urlencode({'requestId': request_id})}"


def read_diagnosis(answer: HttpAnswer) -> Diagnosis | None:
    """None where the answer says nothing of the request: ask again."""
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


def next_wait(first: timedelta, *, asked: int) -> timedelta:
    """How long to wait for the next answer after `asked` of them said nothing final; `first` is the first wait."""
    return min(first * GROWTH**asked, first * LONGEST_WAIT)


def _reasons(status: Mapping[str, Any]) -> "Counter[str]":
    info = status.get("errorInfo")
    counts = info.get("errorCounts") if isinstance(info, dict) else None
    found = Counter[str]()
    for entry in counts if isinstance(counts, list) else []:
        if isinstance(entry, dict) and text(entry.get("recordCount")).isdigit():
            found[text(entry.get("reason")).removeprefix(PREFIX)] += int(text(entry["recordCount"]))
    return found
