"""Positions and sizes of a chart's bars, which the template draws as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

WIDTH, HEIGHT = 720, 200  # of the drawing; the page stretches it


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the value at the upper edge; `legend` names the series in order."""

    bars: Sequence[Bar]
    legend: Sequence[str]
    top: int
    first: str
    last: str
    width: int = WIDTH
    height: int = HEIGHT


def stacked_days(days: Sequence[date], series: Mapping[str, Sequence[int | Decimal]]) -> Chart:
    """One column a day, the series one upon another."""
    return _stacked([f"{day:%-d %b}" for day in days], series)


def stacked_hours(hours: Sequence[datetime], series: Mapping[str, Sequence[int | Decimal]]) -> Chart:
    """One column an hour, the series one upon another."""
    return _stacked([f"{hour:%H:%M}" for hour in hours], series)


def _stacked(names: Sequence[str], series: Mapping[str, Sequence[int | Decimal]]) -> Chart:
    totals = [sum(values[number] for values in series.values()) for number in range(len(names))]
    top, step, bars = _round_up(max(totals, default=0)), WIDTH / len(names), []
    for number, column in enumerate(names):
        level = 0.0
        for index, (name, values) in enumerate(series.items()):
            height = round(HEIGHT * float(values[number]) / top, 2)
            if height:
                title = f"{column}: {values[number]:,} {name}"
                bars.append(
                    Bar(round(number * step, 2), HEIGHT - level - height, round(step * 0.8, 2), height, index, title)
                )
            level += height
    return Chart(bars, list(series), top, names[0], names[-1])


def shares(parts: Mapping[str, int]) -> list[Bar]:
    """One row, each part as wide as its share."""
    whole, x, bars = sum(parts.values()), 0.0, []
    for index, (name, part) in enumerate(parts.items()):
        width = round(WIDTH * part / whole, 2) if whole else 0
        bars.append(Bar(x, 0, width, 12, index, f"{name}: {part:,}"))
        x += width
    return [bar for bar in bars if bar.width]


def _round_up(value: int | Decimal) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    magnitude = 1
    while True:
        for factor in (1, 2, 5):
            if factor * magnitude >= value:
                return factor * magnitude
        magnitude *= 10
