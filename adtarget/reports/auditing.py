"""Compares what was counted with what the rows say now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from adtarget.reports.building import begin_of, spans_of
from adtarget.reports.counting import BY_FLAG, Line, Measure, Scope
from leads.models import Account, ReportDay


@dataclass(frozen=True, slots=True)
class Difference:
    """A day whose counted figures are not those of its rows."""

    day: ReportDay
    figures: str
    counted: Counter[Line]
    rows: Counter[Line]

    def __str__(self) -> str:
        return (
            f"{self.day.account_id} {self.day.day} {self.figures}: "
            f"{len(self.counted - self.rows)} lines counted that the rows do not give, "
            f"{len(self.rows - self.counted)} lines of rows that are not counted"
        )


def audit(accounts: list[Account], *, now: datetime) -> Iterator[Difference | None]:
    """For each counted day and kind of figure the difference, or None where there is none.

    Days that are to be counted again are left out: pages read those from the rows.
    """
    for day in ReportDay.objects.filter(account__in=accounts).order_by("account", "day"):
        for flag, measures in BY_FLAG.items():
            if flag == "visits_counted" and begin_of(day.day) < now - timedelta(days=settings.VISIT_DAYS):
                continue  # the visits themselves are deleted by now
            for measure in measures:
                yield _difference(day.pk, flag, measure)


@transaction.atomic
def _difference(pk: int, flag: str, measure: Measure) -> Difference | None:
    """Under the day's lock, so that nothing changes between the two."""
    day = ReportDay.objects.select_for_update().get(pk=pk)
    if not getattr(day, flag) or (flag == "sends_current" and day.has_open_sends):
        return None
    scope, keys, spans = Scope(day.account_id), list(measure.keys), spans_of(day, measure)
    rows = Counter(measure.from_rows(scope, spans, keys))
    counted = Counter(measure.from_counted(scope, spans, keys))
    return None if rows == counted else Difference(day, str(measure.counted._meta.verbose_name), counted, rows)
