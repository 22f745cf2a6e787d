"""Counts days whose reports are missing or have changed, the latest first."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from adtarget.core.money_field import from_units
from adtarget.reports.counting import BY_FLAG, Line, Measure, Scope
from adtarget.reports.models import Counted, SendDay
from adtarget.reports.spans import DAY, Span
from conversions.models import Conversion
from dispatch.choices import SendStatus
from leads.models import Account, ReportDay
from tracker.models import Join, Visit

Figures = TypeVar("Figures", bound=Counted)

log = structlog.get_logger(__name__)

#: From a day's end until it is counted: no request or task that began on it can still be writing then.
AFTER = timedelta(hours=1)
RUN_SECONDS = 60.0
#: Money of one row: `value` is a 64-bit integer.
MOST_UNITS = 2**62


def count_days(now: datetime, *, seconds: float = RUN_SECONDS) -> int:
    """Counts what is due; how many days. What `seconds` do not suffice for the next run does."""
    ends, counted = time.monotonic() + seconds, 0
    _add_days(last_closed_day(now))
    for pk in _due(now).order_by("-day", "account").values_list("pk", flat=True):
        if time.monotonic() > ends:
            break
        counted += count_day(pk)
    log.info("daily reports counted", days=counted)
    return counted


def last_closed_day(now: datetime) -> date:
    """The latest day (UTC) that nothing new can be added to without a note."""
    return (now - AFTER).astimezone(UTC).date() - timedelta(days=1)


def begin_of(day: date) -> datetime:
    return datetime.combine(day, clock_time(), UTC)


@transaction.atomic
def count_day(pk: int) -> bool:
    """Counts one day under its lock; False where another worker is at it or it is current by now."""
    day = ReportDay.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if day is None:
        return False
    scope = Scope(day.account_id)
    for flag, measures in BY_FLAG.items():
        if not getattr(day, flag) or (flag == "sends_current" and day.has_open_sends):
            for measure in measures:
                _count(day, measure, scope)
            setattr(day, flag, True)
    day.has_open_sends = _of_day(SendDay.objects.filter(status=SendStatus.PENDING), day).exists()
    day.save()
    return True


def _due(now: datetime) -> QuerySet[ReportDay]:
    changed = Q(figures_current=False) | Q(sends_current=False) | Q(has_open_sends=True) | Q(visits_counted=False)
    return ReportDay.objects.filter(changed, day__lte=last_closed_day(now))


def _add_days(last: date) -> None:
    """A row for each closed day of each account since its first event."""
    known = Max("report_days__day", filter=Q(report_days__visits_counted=True))
    for account in Account.objects.annotate(known=known).order_by("pk"):
        first = account.known + timedelta(days=1) if account.known else _first_day(account)
        if first is not None and first <= last:
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            rows = [ReportDay(account=account, day=day) for day in days]
            ReportDay.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _first_day(account: Account) -> date | None:
    """Of the first conversion, visit or join: by each site's and channel's index."""
    firsts = [Conversion.objects.of_account(account).aggregate(first=Min("attributed_at"))["first"]]
    for site in account.sites.order_by("pk"):
        firsts.append(Visit.objects.filter(site=site).aggregate(first=Min("visited_at"))["first"])
        firsts += [
            Join.objects.filter(channel=channel).aggregate(first=Min("joined_at"))["first"]
            for channel in site.channels.order_by("pk")
        ]
    found = [first for first in firsts if first is not None]
    return min(found).astimezone(UTC).date() if found else None


def _of_day(rows: QuerySet[Figures], day: ReportDay) -> QuerySet[Figures]:
    begin = begin_of(day.day)
    return rows.filter(account=day.account_id, begins_at__gte=begin, begins_at__lt=begin + DAY)


def _count(day: ReportDay, measure: Measure, scope: Scope) -> None:
    """Replaces the day's figures by what the rows say."""
    lines = measure.from_rows(scope, spans_of(day, measure), list(measure.keys))
    _of_day(measure.counted._default_manager.all(), day).delete()
    measure.counted._default_manager.bulk_create(
        [row for line in lines for row in _rows(day, measure, line)], batch_size=1000
    )


def spans_of(day: ReportDay, measure: Measure) -> list[Span]:
    """The hours of the day, or the day itself."""
    begin, grain = begin_of(day.day), measure.grain
    return [(number, begin + number * grain, begin + (number + 1) * grain) for number in range(DAY // grain)]


def _rows(day: ReportDay, measure: Measure, line: Line) -> Iterator[Counted]:
    names = [getattr(measure.counted._meta.get_field(key), "attname", key) for key in measure.keys]
    number, *keys = line[: len(names) + 1]
    figures = dict(zip(measure.sums, line[len(names) + 1 :], strict=True))
    for part in _storable(figures):
        yield measure.counted(
            account_id=day.account_id,
            begins_at=begin_of(day.day) + number * measure.grain,
            **dict(zip(names, keys, strict=True)),
            **part,
        )


def _storable(figures: dict[str, int]) -> Iterator[dict[str, object]]:
    """The figures as rows that a 64-bit integer of money can hold; all but the first count nothing."""
    if "value" not in figures:
        yield dict(figures)
        return
    count, value = figures["count"], figures["value"]
    while value > MOST_UNITS:
        yield {"count": count, "value": from_units(MOST_UNITS)}
        count, value = 0, value - MOST_UNITS
    yield {"count": count, "value": from_units(value)}
