"""Reads the figures of a period: days that are counted from there, everything else from the rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from adtarget.reports.counting import BY_FLAG, Line, Measure, Scope
from adtarget.reports.spans import Span, split
from leads.models import ReportDay
from leads.report_days import day_of

_FLAGS = {measure.counted: flag for flag, measures in BY_FLAG.items() for measure in measures}


@dataclass(frozen=True)
class Reader:
    """Figures of one account between two moments."""

    scope: Scope
    since: datetime
    until: datetime

    def lines(self, measure: Measure, keys: Sequence[str], parts: Iterable[Span] | None = None) -> list[Line]:
        """By the part of the period (its number; one part where none are given) and `keys`: the measure's sums."""
        whole: list[Span] = [(0, self.since, self.until)]
        ready = self._ready[_FLAGS[measure.counted]]
        counted, others = split(whole if parts is None else parts, ready, measure.grain)
        found = measure.from_counted(self.scope, counted, keys) if counted else []
        return _merged([*found, *measure.from_rows(self.scope, others, keys)], len(keys))

    @cached_property
    def _ready(self) -> dict[str, set[date]]:
        """The days on which each flag stands."""
        days = ReportDay.objects.filter(
            account=self.scope.account_id,
            day__gte=day_of(self.since),
            day__lte=day_of(self.until - timedelta(microseconds=1)),
        )
        ready: dict[str, set[date]] = {flag: set() for flag in BY_FLAG}
        for day, *stand in days.values_list("day", *BY_FLAG):
            for flag, stands in zip(BY_FLAG, stand, strict=True):
                if stands:
                    ready[flag].add(day)
        return ready


def _merged(lines: Iterable[Line], keys: int) -> list[Line]:
    """Lines of the same part and keys added up."""
    found: dict[Line, list[int]] = defaultdict(list)
    for line in lines:
        key, sums = line[: keys + 1], line[keys + 1 :]
        known = found[key]
        found[key] = [a + b for a, b in zip(known, sums, strict=True)] if known else list(sums)
    return [(*key, *sums) for key, sums in found.items()]
