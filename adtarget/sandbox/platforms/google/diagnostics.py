"""What Google finds out later about events it has accepted: told per reason, never per event."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adtarget.sandbox.judging import Event, Submission, as_dict, as_list
from adtarget.sandbox.platforms.google.fields import camel

REMEMBERED_REQUESTS = 10_000
#: Reasons whose enum value lacks the usual REASON_.
PREFIXES = {"OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER": "PROCESSING_ERROR_"}


@dataclass(frozen=True, slots=True)
class Ingested:
    received_at: float
    destination: Mapping[str, Any]
    count: int
    dropped: Mapping[str, int]


class Diagnostics:
    """A gclid that contains `invalid` does not decode, one with `unknown` never was a click, one with
    `elsewhere` is of another account.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: OrderedDict[str, Ingested] = OrderedDict()
        self._transactions: OrderedDict[tuple[str, str], None] = OrderedDict()

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._transactions.clear()

    def remember(self, request_id: str, submission: Submission) -> None:
        document = as_dict(camel(submission.request.document))
        destination = next(map(as_dict, as_list(document.get("destinations"))), {})
        is_denied = as_dict(document.get("consent")).get("adUserData") == "CONSENT_DENIED"
        with self._lock:
            reasons = (self._reason(event, is_denied=is_denied) for event in submission.events)
            dropped = Counter(reason for reason in reasons if reason)
            self._requests[request_id] = Ingested(time.time(), destination, len(submission.events), dropped)
            if len(self._requests) > REMEMBERED_REQUESTS:
                self._requests.popitem(last=False)

    def of(self, request_id: str, *, seconds_until_known: float) -> dict[str, Any] | None:
        """The answer of `requestStatus:retrieve`; None for an unknown request."""
        with self._lock:
            ingested = self._requests.get(request_id)
        if ingested is None:
            return None
        is_known = time.time() >= ingested.received_at + seconds_until_known
        return {"requestStatusPerDestination": [self._status(ingested, is_known=is_known)]}

    def _reason(self, event: Event, *, is_denied: bool) -> str:
        gclid = str(as_dict(event.raw.get("adIdentifiers")).get("gclid", ""))
        transaction = (event.name, event.event_id)
        is_repeated = bool(event.event_id) and transaction in self._transactions
        self._transactions[transaction] = None
        if len(self._transactions) > 10 * REMEMBERED_REQUESTS:
            self._transactions.popitem(last=False)
        if as_dict(event.raw.get("consent")).get("adUserData", is_denied) in (True, "CONSENT_DENIED"):
            return "DENIED_CONSENT"
        if "invalid" in gclid:
            return "INVALID_GCLID"
        if "unknown" in gclid:
            return "INVALID_CLICK"
        if "elsewhere" in gclid:
            return "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER"
        return "DUPLICATE_TRANSACTION_ID" if is_repeated else ""

    def _status(self, ingested: Ingested, *, is_known: bool) -> dict[str, Any]:
        lost = sum(ingested.dropped.values())
        outcome = "SUCCESS" if not lost else "FAILED" if lost == ingested.count else "PARTIAL_SUCCESS"
        counts = [
            {"recordCount": str(count), "reason": f"{PREFIXES.get(reason, 'PROCESSING_ERROR_REASON_')}{reason}"}
            for reason, count in ingested.dropped.items()
        ]
        return {
            "destination": ingested.destination,
            "requestStatus": outcome if is_known else "PROCESSING",
            "errorInfo": {"errorCounts": counts} if is_known and counts else {},
            "warningInfo": {},
            "eventsIngestionStatus": {"recordCount": str(ingested.count)},
        }
