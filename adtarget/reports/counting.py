"""What is counted, and how: from the rows themselves, and from the counted figures. Both give the same lines.

In SQL of its own: Django's ORM has no words for a join of ranges, and to find each row's day in a zone instead costs
twice as much on SQLite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import connection

from adtarget.core.money_field import read_sum, sum_sql
from adtarget.reports import models
from adtarget.reports.spans import DAY, HOUR, Span
from conversions.models import Conversion
from dispatch.models import Pixel, Send
from leads.models import Channel, Site
from tracker.models import Invite, Join, Visit

#: The number of the span's part, the keys asked for, then the sums.
Line = tuple[Any, ...]
#: SQL and its parameters.
Condition = tuple[str, list[Any]]


@dataclass(frozen=True)
class Scope:
    """The things of an account, each kind read once and only where needed."""

    account_id: str

    @cached_property
    def sites(self) -> list[str]:
        return list(Site.objects.filter(account=self.account_id).order_by("pk").values_list("pk", flat=True))

    @cached_property
    def channels(self) -> list[Channel]:
        """Each with its site, in the order in which pages show them."""
        channels = Channel.objects.filter(site__account=self.account_id).select_related("site")
        return list(channels.order_by("site__domain", "site_id", "funnel_order", "title"))

    @cached_property
    def pixels(self) -> dict[str, str]:
        """Their platforms."""
        return dict(Pixel.objects.filter(site__account=self.account_id).order_by("pk").values_list("pk", "platform"))


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of figure: `keys` and `sums` are columns of `counted`, each with its SQL over the rows."""

    counted: type[models.Counted]
    grain: timedelta
    rows: str
    moment: str
    where: Callable[[Scope], Condition]
    keys: Mapping[str, str]
    sums: Mapping[str, str]

    def from_rows(self, scope: Scope, spans: Sequence[Span], keys: Sequence[str]) -> list[Line]:
        """Counts the rows themselves."""
        where, parameters = self.where(scope)
        sums = [_sum(name, sql) for name, sql in self.sums.items()]
        return _read(self.rows, self.moment, where, parameters, [self.keys[key] for key in keys], sums, spans)

    def from_counted(self, scope: Scope, spans: Sequence[Span], keys: Sequence[str]) -> list[Line]:
        """Adds up what was counted before."""
        fields = {
            field.name: connection.ops.quote_name(field.column or "") for field in self.counted._meta.concrete_fields
        }
        sums = [_sum(name, fields[name]) for name in self.sums]
        columns = [fields[key] for key in keys]
        table = self.counted._meta.db_table
        return _read(table, "begins_at", "account_id = %s", [scope.account_id], columns, sums, spans)


def _sum(name: str, column: str) -> str:
    """Money as `read_sum` reads it; `COUNT(*)` stays what it is."""
    if name == "value":
        return sum_sql(column, connection.vendor)
    return column if column == "COUNT(*)" else f"SUM({column})"


def _read(
    rows: str, moment: str, where: str, parameters: list[Any], keys: list[str], sums: list[str], spans: Sequence[Span]
) -> list[Line]:
    if not spans or not where:
        return []
    adapt = connection.ops.adapt_datetimefield_value
    values = [(number, adapt(since), adapt(until)) for number, since, until in spans]
    grouped = ", ".join(["number", *keys])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH spans(number, since, until) AS (VALUES {', '.join(['(%s, %s, %s)'] * len(values))}) "  # noqa: S608
            f"SELECT {', '.join([grouped, *sums])} FROM spans CROSS JOIN {rows} "
            f"WHERE {where} AND {moment} >= since AND {moment} < until GROUP BY {grouped}",
            [*chain.from_iterable(values), *parameters],
        )
        found = cursor.fetchall()
    return [(*line[: -len(sums)], *(read_sum(total) or 0 for total in line[-len(sums) :])) for line in found]


def _one_of(column: str, ids: Sequence[str]) -> Condition:
    """The account's own things, by name, so that each is a range of its index; '' where it has none."""
    return (f"{column} IN ({', '.join(['%s'] * len(ids))})" if ids else ""), list(ids)


def _sends(scope: Scope) -> Condition:
    return _one_of("pixel_id", list(scope.pixels))


def _conversions(scope: Scope) -> Condition:
    return "conversion.account_id = %s AND NOT conversion.is_test", [scope.account_id]


def _in_channels(scope: Scope) -> Condition:
    return _one_of("channel_id", [channel.pk for channel in scope.channels])


def _on_sites(scope: Scope) -> Condition:
    return _one_of("site_id", scope.sites)


_CONVERSION, _VISIT = Conversion._meta.db_table, Visit._meta.db_table
_KINDS = {"event_type": "conversion.event_type", "currency": "conversion.currency"}
_VALUES = {"count": "COUNT(*)", "value": "conversion.value"}

EVENTS = Measure(
    models.EventHour,
    HOUR,
    f"{_CONVERSION} AS conversion",
    "conversion.attributed_at",
    _conversions,
    {"channel": "conversion.channel_id", **_KINDS},
    _VALUES,
)
SOURCES = Measure(
    models.SourceDay,
    DAY,
    f"{_CONVERSION} AS conversion LEFT JOIN {_VISIT} AS visit ON visit.id = conversion.visit_id",
    "conversion.attributed_at",
    _conversions,
    {
        "channel": "conversion.channel_id",
        "source": "COALESCE(visit.utm_source, '')",
        "campaign": "COALESCE(visit.utm_campaign, '')",
        "ad": "COALESCE(visit.utm_content, '')",
        **_KINDS,
    },
    _VALUES,
)
VISITS = Measure(
    models.VisitDay,
    DAY,
    _VISIT,
    "visited_at",
    _on_sites,
    {"site": "site_id"},
    {"count": "COUNT(*)"},
)
CLICKS = Measure(
    models.ClickDay,
    DAY,
    Invite._meta.db_table,
    "given_at",
    _in_channels,
    {"channel": "channel_id"},
    {"count": "COUNT(*)"},
)
JOINS = Measure(
    models.JoinDay,
    DAY,
    Join._meta.db_table,
    "joined_at",
    _in_channels,
    {"channel": "channel_id"},
    {"count": "COUNT(*)", "organic": "CASE WHEN visit_id IS NULL THEN 1 ELSE 0 END"},
)
SENDS = Measure(
    models.SendDay,
    DAY,
    Send._meta.db_table,
    "created_at",
    _sends,
    {"pixel": "pixel_id", "status": "status", "reason": "reason"},
    {"count": "COUNT(*)"},
)

#: The measures that each flag of `leads.ReportDay` speaks of.
BY_FLAG: Mapping[str, Sequence[Measure]] = {
    "figures_current": (EVENTS, SOURCES, CLICKS, JOINS),
    "sends_current": (SENDS,),
    "visits_counted": (VISITS,),
}
