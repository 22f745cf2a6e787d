"""How many visits a site keeps a day, and which are left out beyond that.

Each process counts what it keeps and writes it down now and then, so that a
visit costs no statement of its own. The count may be late by as much.
"""

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from django.db.models import F

from leads.models import Site
from tracker import attribution, row_size
from tracker.models import Visit, VisitUsage

WRITTEN_ROWS, WRITTEN_SECONDS = 100, 10.0
SAMPLED = 20  # one in so many is kept beyond the budget, none beyond twice of it
MOST_REMEMBERED = 1000


@dataclass(slots=True)
class _Count:
    """What this process kept since it last wrote, and what all had kept by then."""

    day: date
    written_at: float
    new: int = 0
    new_bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0

    def share(self) -> float:
        """How much of the day's budget is used; 1 is all of it."""
        rows, size = settings.VISITS_PER_SITE_AND_DAY, settings.VISIT_BYTES_PER_SITE_AND_DAY
        return float(max((self.kept + self.new) / max(1, rows), (self.kept_bytes + self.new_bytes) / max(1, size)))


_lock = threading.Lock()
_counts: dict[str, _Count] = {}


def has_room(site: Site, *, now: datetime) -> bool:
    """Whether every visit of the site is kept."""
    with _lock:
        return _count_of(site.pk, now).share() < 1


def is_kept(visit: Visit, *, now: datetime) -> bool:
    """Whether the visit is kept: within the budget all are, beyond it those with an ad's click and a sample."""
    with _lock:
        share = _count_of(visit.site_id, now).share()
    if share < 1 or attribution.has_click(visit):
        return True
    return share < 2 and random.randrange(SAMPLED) == 0


def note(visit: Visit, *, now: datetime) -> None:
    """Counts a visit that was kept."""
    with _lock:
        count = _count_of(visit.site_id, now)
        count.new += 1
        count.new_bytes += row_size.size_of(visit)
        if count.new < WRITTEN_ROWS and time.monotonic() - count.written_at < WRITTEN_SECONDS:
            return
        new, new_bytes, day = count.new, count.new_bytes, count.day
        count.new = count.new_bytes = 0
        count.written_at = time.monotonic()
        count.kept, count.kept_bytes = count.kept + new, count.kept_bytes + new_bytes
    usage = _write(visit.site_id, day, new, new_bytes)
    with _lock:
        count.kept, count.kept_bytes = max(count.kept, usage.kept), max(count.kept_bytes, usage.kept_bytes)


def forget() -> None:
    """Drops what this process counted and did not write yet."""
    with _lock:
        _counts.clear()


def _count_of(site_id: str, now: datetime) -> _Count:
    day = now.astimezone(UTC).date()
    count = _counts.get(site_id)
    if count is None or count.day != day:
        if len(_counts) >= MOST_REMEMBERED:
            _counts.clear()
        count = _counts[site_id] = _Count(day, time.monotonic())
    return count


def _write(site_id: str, day: date, new: int, new_bytes: int) -> VisitUsage:
    usage, _ = VisitUsage.objects.get_or_create(site_id=site_id, day=day)
    mine = VisitUsage.objects.filter(pk=usage.pk)
    mine.update(kept=F("kept") + new, kept_bytes=F("kept_bytes") + new_bytes)
    usage.refresh_from_db(fields=["kept", "kept_bytes"])
    return usage
