"""What the sandbox is told to do wrong, and to whom."""

import random
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

#: Each kind and what its params mean.
KINDS = {
    "status": "answers `status` (and `body`, `headers`)",
    "platform_error": "refuses in the platform's words: `code`, `subcode`, `transient`, `status`",
    "slow": "answers rightly after `seconds`",
    "hang": "takes the request, answers nothing for `seconds`, then closes",
    "hang_after_processing": "counts the events, then hangs: the ambiguous case",
    "cut": "promises a whole answer, sends half, closes",
    "empty200": "answers 200 with nothing",
    "html200": "answers 200 with a page",
    "wrong_count": "answers success for one event fewer",
    "drip": "sends the answer at a byte a second",
    "drip_headers": "sends a header at a byte a second",
    "huge": "answers 50 MB",
    "gzip_bomb": "answers compressed although nobody asked",
    "redirect": "sends the client elsewhere",
    "reset": "resets the connection",
}


@dataclass(slots=True)
class Fault:
    """`times` None: until it is taken away; `skip`: so many matching requests first pass."""

    kind: str
    platform: str = "*"
    pixel: str = ""
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    params: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is no kind of fault. There are: {', '.join(KINDS)}.")

    def matches(self, platform: str, pixel: str) -> bool:
        return self.platform in ("*", platform) and self.pixel in ("", pixel) and self.times != 0


class Faults:
    """Tried in order; the first that matches applies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def replace(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults = faults

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, platform: str, pixel: str) -> Fault | None:
        """The fault for this request, spent by one."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(platform, pixel) or random.random() >= fault.probability:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
