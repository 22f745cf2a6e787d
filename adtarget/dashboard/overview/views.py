"""Pages of the overview: the figures of a period beside those of the one before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from adtarget.core.cached import kept
from adtarget.dashboard import charts
from adtarget.dashboard.access import Access, page, show
from adtarget.dashboard.export import csv_answer
from adtarget.dashboard.filters import PeriodForm, with_period
from adtarget.dashboard.overview import queries as figures
from adtarget.dashboard.overview import tables
from adtarget.dashboard.periods import Period
from adtarget.dashboard.tables import Table
from adtarget.reports.counting import Scope
from adtarget.templatetags.dashboard import share
from dispatch.choices import SendStatus
from leads.models import Account

KEPT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the period and the same of the one before."""

    name: str
    now: str
    before: str


@dataclass(frozen=True, slots=True)
class Before:
    """What a period is compared with."""

    count: int
    revenue: dict[str, Decimal]
    joined: tuple[int, int, int]
    health: list[figures.Health]

    def to_json(self) -> list[Any]:
        revenue = {currency: str(total) for currency, total in self.revenue.items()}
        health = [[entry.platform, entry.by_status, entry.reasons] for entry in self.health]
        return [self.count, revenue, self.joined, health]

    @classmethod
    def from_json(cls, found: list[Any]) -> "Before":
        count, revenue, (joins, organic, left), health = found
        return cls(
            count,
            {currency: Decimal(total) for currency, total in revenue.items()},
            (joins, organic, left),
            [
                figures.Health(platform, {SendStatus(name): sends for name, sends in by_status.items()}, Counter(why))
                for platform, by_status, why in health
            ],
        )


@page()
def overview(request: HttpRequest, access: Access) -> HttpResponseBase:
    form, period = _period(request)
    found = _figures(access.account, period)
    if wanted := request.GET.get("export"):
        table = next((table for table in found["tables"] if table.name == wanted), None)
        if table is None:
            raise Http404
        return _csv(table, period)
    return show(request, access, "overview/overview.html", {"form": form, "period": period} | found)


@page()
def sources(request: HttpRequest, access: Access) -> HttpResponseBase:
    """A page of its own, and a part of the overview that comes after the rest: it looks at each event's visit."""
    form, period = _period(request)
    table = tables.sources_table(figures.Figures(access.account, period).sources())
    if "export" in request.GET:
        return _csv(table, period)
    context = {"account": access.account, "form": form, "period": period, "table": table}
    if "X-Part" in request.headers:
        return render(request, "dashboard/overview/_sources.html", context)
    return show(request, access, "overview/sources.html", context)


def _period(request: HttpRequest) -> tuple[PeriodForm, Period]:
    form = PeriodForm(with_period(request))
    return form, form.period(now=timezone.now())


def _csv(table: Table, period: Period) -> HttpResponseBase:
    return csv_answer(f"{table.name}-{period.first}-{period.last}", table.header, table.rows)


def _figures(account: Account, period: Period) -> dict[str, Any]:
    found = figures.Figures(account, period)
    before = _before(account, period.before, found.scope)
    now, steps, health = found.happened(), found.funnel(), found.health()
    sums = [step for step in steps if step.channel is None]
    joins = tuple(sum(getattr(step, name) for step in sums) for name in ("joins", "organic", "left"))
    return {
        "headline": [
            Figure("Conversions", f"{now.count:,}", f"{before.count:,}"),
            Figure("Revenue", tables.revenue_text(now.revenue), tables.revenue_text(before.revenue)),
            *_join_figures(joins, before.joined),
            Figure("Sent of all sends", _sent_share(health), _sent_share(before.health)),
        ],
        "has_anything": bool(now.count or any(joins) or health or any(step.visits for step in sums)),
        "conversions_chart": charts.stacked_days(
            period.days, {name: _by_day(now.by_type[name], period) for name in sorted(now.by_type)}
        ),
        "revenue_chart": _revenue_chart(now, period),
        "health_bars": [(entry.name, charts.shares(_shown(entry))) for entry in health],
        "statuses": list(SendStatus),
        "tables": [
            tables.days_table(now, period),
            tables.funnel_table(steps),
            tables.health_table(health, before.health),
        ],
    }


def _before(account: Account, period: Period, scope: Scope) -> Before:
    """Kept for a while: it lies in the past and hardly changes."""
    found = figures.Figures(account, period, scope)
    name = f"overview:{account.pk}:{period.since.isoformat()}:{period.until.isoformat()}"
    return kept(
        name,
        seconds=KEPT_SECONDS,
        make=lambda: Before(*found.totals(), found.joined(), found.health()),
        to_json=Before.to_json,
        from_json=Before.from_json,
    )


def _join_figures(now: Sequence[int], before: Sequence[int]) -> list[Figure]:
    return [
        Figure("Joins", f"{now[0]:,}", f"{before[0]:,}"),
        Figure("Organic joins", share(now[1], now[0]), share(before[1], before[0])),
        Figure("Left since", share(now[2], now[0]), share(before[2], before[0])),
    ]


def _revenue_chart(found: figures.Happened, period: Period) -> charts.Chart | None:
    """In the currency with the most; adding currencies up would mean nothing."""
    if not found.revenue:
        return None
    currency = max(found.revenue, key=lambda name: found.revenue[name])
    return charts.stacked_days(period.days, {currency: _by_day(found.revenue_by_day[currency], period)})


def _by_day(values: dict[Any, Any], period: Period) -> list[int | Decimal]:
    return [values.get(day, 0) for day in period.days]


def _shown(entry: figures.Health) -> dict[str, int]:
    return {status.label: entry.by_status[status] for status in SendStatus}


def _sent_share(health: Sequence[figures.Health]) -> str:
    return share(sum(entry.sent for entry in health), sum(entry.total for entry in health))
