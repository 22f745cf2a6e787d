"""Invite links against clicks on a channel's page: what is ready, what the last day wanted, how long it lasts."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from adtarget.dashboard import charts
from adtarget.dashboard.charts import Chart
from adtarget.dashboard.tables import Table
from leads.models import Channel
from tracker import link_rates, supply
from tracker.models import Invite, UnattributableClick
from tracker.supply import Demand

HOURS = 24
WITH, WITHOUT = "with a link of their own", "without, for want of links"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSupply:
    """A channel's links now, and the clicks that want them."""

    free: int
    target: int
    per_minute: float
    demand: Demand
    chart: Chart
    table: Table

    @property
    def lasts_minutes(self) -> int | None:
        """For how long the links last at the pace of the last ten minutes; None where more are made than taken."""
        net = self.demand.ten_minutes / 10 - self.per_minute
        return int(self.free / net) if net > 0 else None


def link_supply(channel: Channel, *, now: datetime) -> LinkSupply:
    demand = supply.demand_of(channel.pk, now)
    hours = _last_hours(now)
    given = _by_hour(Invite.objects.filter(channel=channel, given_at__gte=hours[0]), "given_at")
    missed = UnattributableClick.objects.filter(
        channel=channel, clicked_at__gte=hours[0], reason__in=supply.FOR_WANT_OF_LINKS
    )
    series = {WITH: given, WITHOUT: _by_hour(missed, "clicked_at")}
    return LinkSupply(
        free=supply.count_free(channel, now),
        target=demand.target(),
        per_minute=link_rates.per_minute(channel),
        demand=demand,
        chart=charts.stacked_hours(hours, {name: [counts[hour] for hour in hours] for name, counts in series.items()}),
        table=_table(hours, series),
    )


def _last_hours(now: datetime) -> list[datetime]:
    """Their beginnings, the running one last."""
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [this_hour - timedelta(hours=ago) for ago in reversed(range(HOURS))]


def _by_hour(rows: QuerySet[Any], moment: str) -> Counter[datetime]:
    hours = rows.order_by().annotate(hour=TruncHour(moment, tzinfo=UTC)).values_list("hour")
    return Counter(dict(hours.annotate(Count("pk"))))


def _table(hours: list[datetime], series: dict[str, Counter[datetime]]) -> Table:
    rows: list[list[object]] = [
        [f"{hour:%H:%M}", *(counts[hour] for counts in series.values())]
        for hour in hours
        if any(counts[hour] for counts in series.values())
    ]
    return Table("clicks", "Clicks by hour", ["Hour (UTC)", "With a link of their own", "Without"], rows)
