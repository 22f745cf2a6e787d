"""Limits the threads of a worker process per pixel and per platform, and shares them out turn by turn.

A platform that hangs blocks its own threads only. A task that finds no free
thread is refused and remembered; the next thread that finishes runs it, so that
nothing due waits for the sweep. After each turn of a pixel with more to send,
its thread goes to the pixel whose account waited longest; half of a platform's
threads stay free for what is not part of a backlog.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

BESIDE_OTHERS_SECONDS = 2.0  # after others' events, for which a backlog leaves room


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a pixel did, and whether there is more to do at once."""

    sent: int = 0
    more: bool = False
    is_full: bool = False  # there was more than fitted: a backlog


Work = Callable[[str], Turn]
#: The pixel whose turn it is, of those that are not named; '' where nothing is due.
Choose = Callable[[Collection[str]], str]


class Lanes:
    def __init__(
        self,
        *,
        per_pixel: int,
        per_platform: int,
        for_backlogs: int = 4,
        beside_others: int = 2,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._per_pixel, self._per_platform = per_pixel, per_platform
        self._for_backlogs, self._beside_others = for_backlogs, beside_others
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._pixels: Counter[str] = Counter()
        self._platforms: Counter[str] = Counter()
        self._backlogs: Counter[str] = Counter()
        self._again: dict[str, str] = {}
        self._others_at = -BESIDE_OTHERS_SECONDS

    def run(self, pixel_id: str, platform: str, work: Work, choose: Choose | None = None) -> None:
        """Gives the pixel turns where a thread is free, then whoever waits; else returns at once."""
        if not self._enter(pixel_id, platform):
            return
        in_backlog = False
        while pixel_id:
            turn = Turn()
            try:
                turn = work(pixel_id)
            finally:
                in_backlog = self._leave(pixel_id, platform, turn, in_backlog=in_backlog)
            pixel_id = self._next(pixel_id, platform, turn, choose if in_backlog else None)
        if in_backlog:
            with self._lock:
                self._backlogs[platform] -= 1

    def is_shared(self) -> bool:
        """Whether events beside a backlog were sent just now: it then takes smaller turns."""
        return time.monotonic() - self._others_at < BESIDE_OTHERS_SECONDS

    def _enter(self, pixel_id: str, platform: str) -> bool:
        with self._lock:
            return self._try(pixel_id, platform)

    def _try(self, pixel_id: str, platform: str) -> bool:
        if self._pixels[pixel_id] >= self._per_pixel or self._platforms[platform] >= self._per_platform:
            self._again[pixel_id] = platform
            return False
        self._again.pop(pixel_id, None)
        self._pixels[pixel_id] += 1
        self._platforms[platform] += 1
        return True

    def _leave(self, pixel_id: str, platform: str, turn: Turn, *, in_backlog: bool) -> bool:
        """Counts the thread out; whether it may go on with a backlog."""
        with self._lock:
            self._pixels[pixel_id] -= 1
            self._platforms[platform] -= 1
            if not self._pixels[pixel_id]:
                del self._pixels[pixel_id]
            self._backlogs[platform] -= in_backlog
            if turn.sent and not turn.more and not in_backlog:
                self._others_at = time.monotonic()
            most = self._beside_others if self.is_shared() else self._for_backlogs
            stays = turn.is_full and self._backlogs[platform] < most
            self._backlogs[platform] += stays
        return stays

    def _next(self, pixel_id: str, platform: str, turn: Turn, choose: Choose | None) -> str:
        """The pixel that this thread serves next, already counted; else ''."""
        if self._is_stopping():
            return ""
        if choose:
            with self._lock:
                taken = [pixel for pixel, count in self._pixels.items() if count >= self._per_pixel]
            chosen = choose(taken)
            if chosen and self._enter(chosen, platform):
                return chosen
        with self._lock:
            if turn.more and not turn.is_full and self._try(pixel_id, platform):
                return pixel_id
            for waiting in [one for one, its in self._again.items() if its == platform]:
                if self._try(waiting, platform):
                    return waiting
            return ""
