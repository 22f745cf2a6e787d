"""What the sandbox received, newest last, bounded."""

import threading
import time
from collections import Counter, deque
from typing import Any

from adtarget.sandbox.judging import Judgement

MOST_EVENTS = 20_000


class Store:
    """Thread-safe; counts go on after old events were dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
            self._requests: Counter[str] = Counter()
            self._received: Counter[str] = Counter()
            self._accepted: Counter[tuple[str, str, str, str]] = Counter()

    def count_request(self, platform: str) -> None:
        with self._lock:
            self._requests[platform] += 1

    def keep(self, platform: str, pixel: str, judgement: Judgement) -> None:
        received_at = time.time()
        with self._lock:
            for event in judgement.events:
                self._received[platform] += 1
                identity = (platform, pixel, event.name, event.event_id)
                if judgement.is_accepted:
                    self._accepted[identity] += 1
                self._events.append(
                    {
                        "platform": platform,
                        "pixel": pixel,
                        "received_at": received_at,
                        "event_id": event.event_id,
                        "name": event.name,
                        "accepted": judgement.is_accepted,
                        "times_accepted": self._accepted[identity],
                        "event": event.raw,
                        "checks": [{"field": one.field, "ok": one.ok, "message": one.message} for one in event.checks],
                    }
                )

    def events(
        self, *, platform: str = "", pixel: str = "", event_id: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Oldest first; with `limit`, the newest so many."""
        wanted = {"platform": platform, "pixel": pixel, "event_id": event_id}
        with self._lock:
            found = [
                event
                for event in self._events
                if all(not value or event[name] == value for name, value in wanted.items())
            ]
        return found[-limit:] if limit else found

    def stats(self) -> dict[str, dict[str, int]]:
        """By platform: requests, events, accepted events, distinct accepted ids and how often one came again."""
        with self._lock:
            platforms = set(self._requests) | {identity[0] for identity in self._accepted}
            table = {}
            for platform in ("meta", "tiktok", "snapchat", "google", *sorted(platforms)):
                counts = [count for identity, count in self._accepted.items() if identity[0] == platform]
                table[platform] = {
                    "requests": self._requests[platform],
                    "events": self._received[platform],
                    "accepted": sum(counts),
                    "distinct": len(counts),
                    "duplicates": sum(counts) - len(counts),
                }
            return table
