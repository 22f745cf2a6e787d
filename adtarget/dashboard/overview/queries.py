"""Figures of a period: conversions and revenue, sources, funnel, delivery.

Test events count nowhere but in delivery. An event belongs to the day it was accepted. Past days come from the daily
reports, today and days that have changed from the rows.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Count

from adtarget.core.money_field import from_units
from adtarget.dashboard.periods import Period, midnight
from adtarget.reports import counting
from adtarget.reports.reading import Reader
from conversions.choices import EventType
from dispatch.choices import SendStatus
from dispatch.platforms.registry import PLATFORMS, name_of
from leads.models import Account, Channel, Site
from tracker.models import Join

MOST_SOURCES = 100


@dataclass(slots=True)
class Happened:
    """Conversions and revenue, by day and in all."""

    count: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_type: dict[str, dict[date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    revenue_by_day: dict[str, dict[date, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )


@dataclass(slots=True)
class Source:
    source: str
    campaign: str
    ad: str
    conversions: int = 0
    purchases: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(slots=True)
class Step:
    """How far people of one site or channel went. A channel has no visits of its own."""

    site: Site
    channel: Channel | None = None
    visits: int = 0
    clicks: int = 0
    joins: int = 0
    organic: int = 0
    left: int = 0
    purchases: int = 0


@dataclass(slots=True)
class Health:
    """What became of the sends to one platform, with why not, the most frequent first."""

    platform: str
    by_status: dict[SendStatus, int]
    reasons: Counter[str]

    @property
    def name(self) -> str:
        return name_of(self.platform)

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def sent(self) -> int:
        return self.by_status[SendStatus.SENT]


class Figures:
    """The figures of an account in a period. Those of two periods may share what the account has (`scope`)."""

    def __init__(self, account: Account, period: Period, scope: counting.Scope | None = None) -> None:
        self._period, self.scope = period, scope or counting.Scope(account.pk)
        self._reader = Reader(self.scope, period.since, period.until)

    def happened(self) -> Happened:
        """Conversions and revenue, by the viewer's days."""
        found, days = Happened(), self._period.days
        for number, _, event_type, currency, count, total in self._events:
            day = days[number]
            found.count += count
            found.by_type[event_type][day] += count
            if currency:
                found.revenue[currency] += from_units(total)
                found.revenue_by_day[currency][day] += from_units(total)
        return found

    def totals(self) -> tuple[int, dict[str, Decimal]]:
        """Conversions and revenue in all."""
        lines = self._reader.lines(counting.EVENTS, ["currency"])
        revenue = {currency: from_units(total) for _, currency, _, total in lines if currency}
        return sum(count for _, _, count, _ in lines), revenue

    def sources(self) -> list[Source]:
        """By the UTM tags of the visit behind each conversion, the most conversions first."""
        found: dict[tuple[str, str, str], Source] = {}
        for _, *tags, event_type, currency, count, total in self._reader.lines(
            counting.SOURCES, ["source", "campaign", "ad", "event_type", "currency"]
        ):
            source, campaign, ad = tags
            entry = found.setdefault((source, campaign, ad), Source(source, campaign, ad))
            entry.conversions += count
            if event_type == EventType.PURCHASE:
                entry.purchases += count
            if currency:
                entry.revenue[currency] += from_units(total)
        in_order = sorted(found.values(), key=lambda entry: (-entry.conversions, entry.source, entry.campaign))
        return in_order[:MOST_SOURCES]

    def funnel(self) -> list[Step]:
        """Each site, followed by its channels. A click is an invite given; organic is a join without a visit."""
        visits, clicks = self._counts(counting.VISITS, "site"), self._counts(counting.CLICKS, "channel")
        purchases, left = self._purchases(), self._left()
        steps: list[Step] = []
        for channel in self.scope.channels:
            if not steps or steps[-1].site != channel.site:
                whole = Step(channel.site, visits=visits.get(channel.site_id, 0))
                steps.append(whole)
            joined, organic = self._joins.get(channel.pk, (0, 0))
            step = Step(channel.site, channel, 0, clicks.get(channel.pk, 0), joined, organic, left.get(channel.pk, 0))
            step.purchases = purchases.get(channel.pk, 0)
            steps.append(step)
            for name in ("clicks", "joins", "organic", "left", "purchases"):
                setattr(whole, name, getattr(whole, name) + getattr(step, name))
        return steps

    def joined(self) -> tuple[int, int, int]:
        """Joins, those of them without a visit, those who have left since."""
        joins = self._joins.values()
        return sum(count for count, _ in joins), sum(organic for _, organic in joins), sum(self._left().values())

    def health(self) -> list[Health]:
        """What became of the sends, by platform."""
        found: dict[str, Health] = {}
        for _, pixel, status, reason, count in self._reader.lines(counting.SENDS, ["pixel", "status", "reason"]):
            platform = self.scope.pixels[pixel]
            entry = found.setdefault(platform, Health(platform, dict.fromkeys(SendStatus, 0), Counter()))
            entry.by_status[SendStatus(status)] += count
            if reason:
                entry.reasons[reason] += count
        return [found[slug] for slug in dict.fromkeys([*PLATFORMS, *sorted(found)]) if slug in found]

    @cached_property
    def _events(self) -> list[counting.Line]:
        """Number of the viewer's day, channel, type, currency, how many, their value."""
        parts = [(number, midnight(day), midnight(day, after=1)) for number, day in enumerate(self._period.days)]
        return self._reader.lines(counting.EVENTS, ["channel", "event_type", "currency"], parts)

    @cached_property
    def _joins(self) -> dict[str, tuple[int, int]]:
        """Joins and those of them without a visit, by channel."""
        lines = self._reader.lines(counting.JOINS, ["channel"])
        return {channel: (count, organic) for _, channel, count, organic in lines}

    def _left(self) -> dict[str, int]:
        """Who joined in the period and has left since: it changes every day, so it is counted each time."""
        gone = Join.objects.filter(
            channel__in=self.scope.channels,
            joined_at__gte=self._period.since,
            joined_at__lt=self._period.until,
            left_at__isnull=False,
        )
        return dict(gone.order_by().values_list("channel").annotate(count=Count("*")))

    def _purchases(self) -> dict[str, int]:
        """Purchases with a value, by channel."""
        found: Counter[str] = Counter()
        for _, channel, event_type, currency, count, _ in self._events:
            if event_type == EventType.PURCHASE and currency:
                found[channel] += count
        return found

    def _counts(self, measure: counting.Measure, key: str) -> dict[str, int]:
        return {thing: count for _, thing, count in self._reader.lines(measure, [key])}
