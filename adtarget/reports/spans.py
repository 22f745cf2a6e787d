"""Splits a period into what the counted days answer and what only the rows do."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

#: The number of the part of the period it belongs to, and from when until before when.
Span = tuple[int, datetime, datetime]


def split(parts: Iterable[Span], ready: Collection[date], grain: timedelta) -> tuple[list[Span], list[Span]]:
    """The spans of `parts` that counted figures of `grain` cover, and the others.

    Figures begin at whole hours or days in UTC; what a part has before its first whole one and after its last,
    as in a zone that is half an hour off, is among the others.
    """
    counted: list[Span] = []
    others: list[Span] = []
    for number, since, until in parts:
        first, last = _up(since, grain), _down(until, grain)
        if first >= last:
            _add(others, number, since, until)
            continue
        _add(others, number, since, first)
        while first < last:
            end = min(_down(first, DAY) + DAY, last)
            _add(counted if first.date() in ready else others, number, first, end)
            first = end
        _add(others, number, last, until)
    return counted, others


def _add(spans: list[Span], number: int, since: datetime, until: datetime) -> None:
    """Appends a span, or lengthens the last one by it."""
    if since >= until:
        return
    if spans and spans[-1][0] == number and spans[-1][2] == since:
        spans[-1] = (number, spans[-1][1], until)
    else:
        spans.append((number, since, until))


def _down(moment: datetime, grain: timedelta) -> datetime:
    moment = moment.astimezone(UTC)
    midnight = datetime.combine(moment.date(), time(), UTC)
    return midnight + (moment - midnight) // grain * grain


def _up(moment: datetime, grain: timedelta) -> datetime:
    down = _down(moment, grain)
    return down if down == moment else down + grain
