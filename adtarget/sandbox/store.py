"""What the sandbox received, newest last, bounded."""

import threading
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from adtarget.sandbox.judging import Submission, mask

MOST_EVENTS = 20_000
MOST_IDENTITIES = 1_000_000

Identity = tuple[str, str, str, str]


class Store:
    """Thread-safe. Old events are dropped, the counts go on.

    An event is the same as another by platform, pixel, name and event id;
    only accepted ones that are no tests count, for only those would be doubled.
    """

    def __init__(self, judges: Iterable[str], *, most_events: int = MOST_EVENTS) -> None:
        self._lock = threading.Lock()
        self._judges = tuple(judges)
        self._most_events = most_events
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._events: deque[dict[str, Any]] = deque(maxlen=self._most_events)
            self._stats = {judge: Counter[str]() for judge in self._judges}
            self._times: dict[Identity, int] = {}
            self._number = 0

    def accepted_ids(self, judge: str) -> set[str]:
        """The event ids that were accepted and no tests, those of dropped events too."""
        with self._lock:
            return {event_id for platform, _, _, event_id in self._times if platform == judge}

    def count_request(self, judge: str) -> None:
        with self._lock:
            self._stats[judge]["requests"] += 1

    def keep(
        self, judge: str, submission: Submission, *, is_accepted: bool, status: int, fault: str, received_at: float
    ) -> None:
        """`fault` names what the sandbox was told to do with the request, if anything."""
        with self._lock:
            self._number += 1
            stats = self._stats[judge]
            for event in submission.events:
                identity = (judge, submission.pixel, event.name, event.event_id)
                stats["events"] += 1
                stats["accepted"] += is_accepted
                if is_accepted and event.event_id and not submission.is_test:
                    self._count(identity, stats)
                self._events.append(
                    {
                        "platform": judge,
                        "pixel": submission.pixel,
                        "request": self._number,
                        "received_at": received_at,
                        "event_id": event.event_id,
                        "name": event.name,
                        "event": event.raw,
                        "token": mask(submission.token),
                        "test": submission.is_test,
                        "accepted": is_accepted,
                        "status": status,
                        "fault": fault,
                        "times_accepted": self._times.get(identity, 0),
                        "checks": event.checks,
                    }
                )

    def events(
        self, *, platform: str = "", pixel: str = "", event_id: str = "", besides: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Oldest first, `besides` a platform; with `limit`, the newest so many."""
        wanted = {"platform": platform, "pixel": pixel, "event_id": event_id}
        wanted = {name: value for name, value in wanted.items() if value}
        with self._lock:
            kept = [event for event in self._events if event["platform"] != besides]
        found = [event for event in kept if all(event[name] == value for name, value in wanted.items())]
        return [_told(event) for event in (found[-limit:] if limit else found)]

    def stats(self) -> dict[str, dict[str, int]]:
        """By judge: requests, events, accepted events, distinct accepted event ids and how many came again."""
        with self._lock:
            return {
                judge: {name: stats[name] for name in ("requests", "events", "accepted", "distinct", "duplicates")}
                for judge, stats in self._stats.items()
            }

    def _count(self, identity: Identity, stats: Counter[str]) -> None:
        times = self._times[identity] = self._times.get(identity, 0) + 1
        stats["distinct" if times == 1 else "duplicates"] += 1
        if len(self._times) > MOST_IDENTITIES:
            del self._times[next(iter(self._times))]


def _told(event: dict[str, Any]) -> dict[str, Any]:
    checks = [{"field": check.field, "ok": check.ok, "message": check.message} for check in event["checks"]]
    return {**event, "checks": checks}
