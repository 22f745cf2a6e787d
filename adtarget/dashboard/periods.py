"""A span of whole days in the viewer's zone, and the one before it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

LONGEST = 366  # days


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day's midnight to the last day's end."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment after the last."""
        return midnight(self.last + timedelta(days=1))

    @property
    def before(self) -> "Period":
        """As many days, right before."""
        length = self.last - self.first + timedelta(days=1)
        return Period(self.first - length, self.first - timedelta(days=1))


def last_days(count: int, *, now: datetime) -> Period:
    """The `count` days up to today."""
    today = timezone.localdate(now)
    return Period(today - timedelta(days=count - 1), today)


def midnight(day: date, *, after: int = 0) -> datetime:
    """When the day begins in the viewer's zone, or the day so many days after it."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=after), time.min))
