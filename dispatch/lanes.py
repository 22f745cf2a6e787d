"""Limits the threads of a worker process per pixel and per platform.

A platform that hangs blocks its own threads only. A task that finds no free
thread is refused and remembered; the next thread that finishes runs it, so that
nothing due waits for the sweep.
"""

import threading
from collections import Counter
from collections.abc import Callable


class Lanes:
    def __init__(self, *, per_pixel: int, per_platform: int) -> None:
        self._per_pixel = per_pixel
        self._per_platform = per_platform
        self._lock = threading.Lock()
        self._pixels: Counter[str] = Counter()
        self._platforms: Counter[str] = Counter()
        self._again: dict[str, str] = {}

    def run(self, pixel_id: str, platform: str, work: Callable[[str], None]) -> None:
        """Runs `work(pixel_id)` where a thread is free, then what was refused meanwhile; else returns at once."""
        if not self._enter(pixel_id, platform):
            return
        try:
            work(pixel_id)
        finally:
            self._leave(pixel_id, platform)
        while turned_away := self._next_turned_away(platform):
            try:
                work(turned_away)
            finally:
                self._leave(turned_away, platform)

    def _enter(self, pixel_id: str, platform: str) -> bool:
        with self._lock:
            return self._try(pixel_id, platform)

    def _try(self, pixel_id: str, platform: str) -> bool:
        if self._pixels[pixel_id] >= self._per_pixel or self._platforms[platform] >= self._per_platform:
            self._again[pixel_id] = platform
            return False
        self._pixels[pixel_id] += 1
        self._platforms[platform] += 1
        return True

    def _leave(self, pixel_id: str, platform: str) -> None:
        with self._lock:
            self._pixels[pixel_id] -= 1
            self._platforms[platform] -= 1
            if not self._pixels[pixel_id]:
                del self._pixels[pixel_id]

    def _next_turned_away(self, platform: str) -> str:
        """A refused pixel of the platform that may run now, already counted; else ''."""
        with self._lock:
            for pixel_id in [pixel for pixel, its in self._again.items() if its == platform]:
                del self._again[pixel_id]
                if self._try(pixel_id, platform):
                    return pixel_id
            return ""
