"""Figures of a period: conversions and revenue, sources, funnel, delivery.

Test events count nowhere but in delivery. An event belongs to the day it was accepted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from adtarget.core.money_field import MoneySum, from_units, read_sum, sum_sql
from adtarget.dashboard.periods import Period, midnight
from conversions.choices import EventType
from conversions.models import Conversion
from dispatch import reasons
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.platforms.registry import PLATFORMS, name_of
from leads.models import Account, Channel, Site
from tracker.models import Invite, Join, Visit

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


def happened(account: Account, period: Period) -> Happened:
    found, days = Happened(), period.days
    for number, event_type, currency, count, total in _by_day(account, period):
        day = days[number]
        found.count += count
        found.by_type[event_type][day] += count
        if currency:
            found.revenue[currency] += total
            found.revenue_by_day[currency][day] += total
    return found


def _by_day(account: Account, period: Period) -> list[tuple[int, str, str, int, Decimal]]:
    """Number of the day, type, currency, how many, their value.

    Each day is a range of one index. To find each event's day in a zone instead costs twice as much on SQLite, and
    Django's ORM has no words for a join of ranges.
    """
    bounds = [midnight(day) for day in period.days] + [period.until]
    adapt = connection.ops.adapt_datetimefield_value
    days = [(number, adapt(since), adapt(until)) for number, (since, until) in enumerate(pairwise(bounds))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH days(day, since, until) AS (VALUES {', '.join(['(%s, %s, %s)'] * len(days))}) "  # noqa: S608
            f"SELECT day, event_type, currency, COUNT(*), {sum_sql('value', connection.vendor)} "
            f"FROM days CROSS JOIN {Conversion._meta.db_table} "
            "WHERE account_id = %s AND attributed_at >= since AND attributed_at < until AND NOT is_test "
            "GROUP BY day, event_type, currency",
            [*chain.from_iterable(days), account.pk],
        )
        return [(*row, from_units(read_sum(total) or 0)) for *row, total in cursor.fetchall()]


def totals(account: Account, period: Period) -> tuple[int, dict[str, Decimal]]:
    """Conversions and revenue in all."""
    by_currency = _conversions(account, period).order_by().values_list("currency")
    rows = list(by_currency.annotate(count=Count("*"), total=MoneySum("value")))
    return sum(count for _, count, _ in rows), {currency: total for currency, _, total in rows if currency}


@dataclass(slots=True)
class Source:
    source: str
    campaign: str
    ad: str
    conversions: int = 0
    purchases: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def sources(account: Account, period: Period) -> list[Source]:
    """By the UTM tags of the visit behind each conversion, the most conversions first."""
    rows = (
        _conversions(account, period)
        .order_by()
        .values_list("visit__utm_source", "visit__utm_campaign", "visit__utm_content", "currency")
        .annotate(
            count=Count("*"),
            purchases=Count("event_type", filter=Q(event_type=EventType.PURCHASE)),
            total=MoneySum("value"),
        )
    )
    found: dict[tuple[str, str, str], Source] = {}
    for source, campaign, ad, currency, count, purchases, total in rows:
        tags = (source or "", campaign or "", ad or "")
        entry = found.setdefault(tags, Source(*tags))
        entry.conversions += count
        entry.purchases += purchases
        if currency:
            entry.revenue[currency] += total
    return sorted(found.values(), key=lambda entry: (-entry.conversions, entry.source, entry.campaign))[:MOST_SOURCES]


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


def funnel(account: Account, period: Period) -> list[Step]:
    """Each site, followed by its channels. A click is an invite given; organic is a join without a visit."""
    visits = dict(_counted(Visit.objects.filter(site__account=account), "visited_at", period, "site"))
    clicks = dict(_counted(Invite.objects.filter(channel__site__account=account), "given_at", period, "channel"))
    purchased = _conversions(account, period).filter(event_type=EventType.PURCHASE, value__isnull=False)
    purchases = dict(purchased.order_by().values_list("channel").annotate(count=Count("*")))
    joins = {channel: counts for channel, *counts in _joins(account, period)}
    steps: list[Step] = []
    channels = Channel.objects.filter(site__account=account).select_related("site")
    for channel in channels.order_by("site__domain", "site_id", "funnel_order", "title"):
        if not steps or steps[-1].site != channel.site:
            whole = Step(channel.site, visits=visits.get(channel.site_id, 0))
            steps.append(whole)
        joined, organic, left = joins.get(channel.pk, (0, 0, 0))
        step = Step(channel.site, channel, 0, clicks.get(channel.pk, 0), joined, organic, left)
        step.purchases = purchases.get(channel.pk, 0)
        steps.append(step)
        for name in ("clicks", "joins", "organic", "left", "purchases"):
            setattr(whole, name, getattr(whole, name) + getattr(step, name))
    return steps


def joined(account: Account, period: Period) -> tuple[int, int, int]:
    """Joins, those of them without a visit, those who have left since."""
    counts = [counts for _, *counts in _joins(account, period)]
    joins, organic, left = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
    return joins, organic, left


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


def health(account: Account, period: Period) -> list[Health]:
    # By the account's few pixels, without a look at each conversion; tests are deliveries too.
    platforms = dict(Pixel.objects.filter(site__account=account).values_list("pk", "platform"))
    sends = Send.objects.filter(
        pixel__in=list(platforms),
        # All of them, each by name: the database then reads no more of its index than it counts.
        status__in=SendStatus.values,
        reason__in=["", *reasons.codes()],
        created_at__gte=period.since,
        created_at__lt=period.until,
    )
    found: dict[str, Health] = {}
    for pixel, status, reason, count in (
        sends.order_by().values_list("pixel", "status", "reason").annotate(count=Count("*"))
    ):
        platform = platforms[pixel]
        entry = found.setdefault(platform, Health(platform, dict.fromkeys(SendStatus, 0), Counter()))
        entry.by_status[SendStatus(status)] += count
        if reason:
            entry.reasons[reason] += count
    return [found[slug] for slug in dict.fromkeys([*PLATFORMS, *sorted(found)]) if slug in found]


def _conversions(account: Account, period: Period) -> QuerySet[Conversion]:
    return Conversion.objects.of_account(account).filter(
        is_test=False, attributed_at__gte=period.since, attributed_at__lt=period.until
    )


def _joins(account: Account, period: Period) -> Iterable[tuple[str, int, int, int]]:
    joins = Join.objects.filter(channel__site__account=account, joined_at__gte=period.since, joined_at__lt=period.until)
    organic, left = Q(visit__isnull=True), Q(left_at__isnull=False)
    return (
        joins.order_by()
        .values_list("channel")
        .annotate(all=Count("*"), organic=Count("channel", filter=organic), gone=Count("channel", filter=left))
    )


def _counted(rows: QuerySet[Any], moment: str, period: Period, by: str) -> list[tuple[str, int]]:
    within = {f"{moment}__gte": period.since, f"{moment}__lt": period.until}
    return list(rows.filter(**within).order_by().values_list(f"{by}_id").annotate(count=Count("*")))
