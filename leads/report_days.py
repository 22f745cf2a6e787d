"""Notes that something of an earlier day has changed, so that its report is counted again.

Called in the transaction that makes the change. The day's row is then locked until the change is committed: counting
waits for it and sees it, or comes first and is done again. What happens today needs no note, since a day is counted
an hour after its end at the earliest; docs/decisions/daily-reports.md has the whole of it.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from leads.models import ReportDay


def figures_changed(account_id: str, moments: Iterable[datetime], *, now: datetime) -> None:
    """A conversion, its source or a join of these moments was added or changed."""
    _note(account_id, moments, "figures_current", now)


def sends_changed(account_id: str, moments: Iterable[datetime], *, now: datetime) -> None:
    """Sends made at these moments had ended and are open again."""
    _note(account_id, moments, "sends_current", now)


def day_of(moment: datetime) -> date:
    """The day in UTC."""
    return moment.astimezone(UTC).date()


def _note(account_id: str, moments: Iterable[datetime], flag: str, now: datetime) -> None:
    # In one order, so that two transactions do not wait for each other.
    days = sorted({day for moment in moments if (day := day_of(moment)) < day_of(now)})
    if days:
        ReportDay.objects.bulk_create(
            [ReportDay(account_id=account_id, day=day) for day in days],
            update_conflicts=True,
            unique_fields=["account", "day"],
            update_fields=[flag],
        )
