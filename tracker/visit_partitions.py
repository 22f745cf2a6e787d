"""Makes partitions of visits and sessions ahead, and drops the old ones on PostgreSQL.

What a join, a conversion or a link that may still be used refers to is moved to the kept rows before: it stays as long
as those do, with its session.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from adtarget.core.partitions import ranges
from adtarget.core.partitions.tables import KEPT, PartitionedTable, Range
from conversions.models import Conversion
from tracker.models import BotStart, Invite, Join, TrackingSession, Visit
from tracker.partitions import SESSIONS, VISITS

log = structlog.get_logger(__name__)

AT_ONCE = 5000
LATE = timedelta(hours=48)  # a join may be told so long after its link has expired: Telegram repeats for a day


def make_ahead(now: datetime) -> int:
    """Makes the partitions of the next weeks; how many."""
    made = [one for table in (VISITS, SESSIONS) for one in ranges.make_ahead(table, now)]
    if made:
        log.info("partitions made", partitions=[one.table for one in made])
    return len(made)


def drop_old(now: datetime) -> int:
    """Drops the partitions all of whose rows are older than VISIT_DAYS; how many of visits."""
    before = now - timedelta(days=settings.VISIT_DAYS)
    dropped = ranges.old_ranges(VISITS, before)
    for one in dropped:
        _drop_visits(one, now)
    for one in ranges.old_ranges(SESSIONS, before):
        _drop_sessions(one)
    _delete_strays(before, now)
    return len(dropped)


def _drop_visits(one: Range, now: datetime) -> None:
    low, high = ranges.bounds(VISITS, one)

    def keep() -> None:
        for visits in _referred(low, high, now):
            _keep(VISITS, visits.distinct())

    ranges.drop(VISITS, one, keep=keep)
    led_nowhere = BotStart.objects.filter(~Exists(Visit.objects.filter(pk=OuterRef("visit"))))
    led_nowhere.filter(visit__gte=low, visit__lt=high).delete()


def _referred(low: str, high: str, now: datetime) -> Iterator["QuerySet[Any, Any]"]:
    """The ids of visits between the two that must stay."""
    still_used = now - timedelta(hours=settings.INVITE_LINK_HOURS) - LATE
    yield Join.objects.filter(visit__gte=low, visit__lt=high).order_by("visit").values_list("visit", flat=True)
    yield Conversion.objects.filter(visit__gte=low, visit__lt=high).order_by("visit").values_list("visit", flat=True)
    given = Invite.objects.filter(visit__gte=low, visit__lt=high, given_at__gt=still_used)
    yield given.order_by("visit").values_list("visit", flat=True)


def _drop_sessions(one: Range) -> None:
    """After the visits: what is left of a session's visits keeps it, as do those after the partition's end."""
    low, high = ranges.bounds(SESSIONS, one)
    of_visits = Visit.objects.filter(session__gte=low, session__lt=high).order_by("session")
    sessions = of_visits.values_list("session", flat=True).distinct()
    ranges.drop(SESSIONS, one, keep=lambda: _keep(SESSIONS, sessions))
    # Those kept last time because they went on beyond the end of their partition, whose last visits went today.
    earlier = SESSIONS.bound(one.until - 2 * timedelta(days=max(1, settings.PARTITION_DAYS)))
    without = ~Exists(Visit.objects.filter(session=OuterRef("pk")))
    TrackingSession.objects.filter(without, pk__gte=earlier, pk__lt=high).delete()


def _delete_strays(before: datetime, now: datetime) -> None:
    """Deletes old rows for which no partition was there when they came."""
    for table in (VISITS, SESSIONS):
        while ids := ranges.strays(table, table.bound(before), AT_ONCE):
            if table is VISITS:
                for visits in _referred(ids[0], f"{ids[-1]}~", now):
                    _keep(VISITS, visits.distinct())
            else:
                of_visits = Visit.objects.filter(session__in=ids)
                _keep(SESSIONS, of_visits.values_list("session", flat=True).distinct())
            ranges.delete_strays(table, ids)


def _keep(table: PartitionedTable, ids: Iterable[str]) -> None:
    found = list(ids)
    for start in range(0, len(found), AT_ONCE):
        ranges.move(table, found[start : start + AT_ONCE], to=KEPT)
