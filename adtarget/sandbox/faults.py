"""The faults the sandbox makes on demand: which, for which requests, how often."""

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from adtarget.sandbox.judging import Submission


class FaultKind(NamedTuple):
    """`processes`: the platform takes the events all the same, the ambiguous case; `params` can say otherwise."""

    meaning: str
    processes: bool = False


KINDS: Mapping[str, FaultKind] = {
    "status": FaultKind("answers status, with body and headers where given"),
    "platform_error": FaultKind("refuses in the platform's own words: name of a common refusal, or its codes"),
    "slow": FaultKind("answers rightly, after seconds (1)", processes=True),
    "hang": FaultKind("answers nothing for seconds (60), then closes"),
    "hang_after_processing": FaultKind("takes the events, then hangs for seconds (60)", processes=True),
    "cut": FaultKind("promises the whole answer, sends half, closes", processes=True),
    "empty200": FaultKind("answers 200 with nothing"),
    "html200": FaultKind("answers 200 with a page"),
    "wrong_count": FaultKind(
        "succeeds for one event fewer, or without proof where the platform does not count", processes=True
    ),
    "drip": FaultKind("sends the right answer a byte every seconds (1)", processes=True),
    "drip_headers": FaultKind("sends the headers a byte every seconds (1)", processes=True),
    "huge": FaultKind("answers megabytes (50)"),
    "gzip_bomb": FaultKind("answers megabytes (50) compressed, although nobody asked"),
    "redirect": FaultKind("sends the client to location with status (302)"),
    "reset": FaultKind("resets the connection"),
}


@dataclass(slots=True)
class Fault:
    """`times` None: until removed. `skip`: so many matching requests pass first. Empty strings match all."""

    kind: str
    platform: str = "*"
    pixel: str = ""
    event_name: str = ""
    event_id: str = ""
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is no kind of fault. There are: {', '.join(KINDS)}.")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is a number from 0 to 1.")
        if not isinstance(self.params, dict):
            raise TypeError("params is an object.")

    @property
    def processes(self) -> bool:
        """Does the platform take the events before it goes wrong?"""
        return bool(self.params.get("processed", KINDS[self.kind].processes))

    def matches(self, judge: str, submission: Submission) -> bool:
        return (
            self.times != 0
            and self.platform in ("*", judge)
            and self.pixel in ("", submission.pixel)
            and (not self.event_name or any(event.name == self.event_name for event in submission.events))
            and (not self.event_id or any(event.event_id == self.event_id for event in submission.events))
        )


class Faults:
    """The list of faults; the first that matches a request, with its probability, applies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._faults += faults

    def replace(self, *faults: Fault) -> None:
        with self._lock:
            self._faults = list(faults)

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, judge: str, submission: Submission) -> Fault | None:
        """The fault for this request, spent by one."""
        with self._lock:
            return next((fault for fault in self._faults if fault.matches(judge, submission) and _strikes(fault)), None)


def _strikes(fault: Fault) -> bool:
    if fault.skip > 0:
        fault.skip -= 1
        return False
    if random.random() >= fault.probability:
        return False
    if fault.times is not None:
        fault.times -= 1
    return True
