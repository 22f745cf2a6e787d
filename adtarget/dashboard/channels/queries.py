"""Figures of channels: joins by route, invite links, and taps that got no personal link."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from adtarget.dashboard.channels.days import local_day, truncated
from adtarget.dashboard.channels.join_figures import Joins, kind_of
from adtarget.dashboard.periods import Period
from leads.models import Account, Channel
from leads.searching import telegram_id
from tracker import supply
from tracker.choices import FallbackReason, Route
from tracker.models import Invite, Join, UnattributableClick


@dataclass(frozen=True, slots=True)
class Links:
    """Links waiting now, and what became of those given out in a period."""

    waiting: int
    given: int
    used: int
    expired: int


@dataclass(frozen=True, slots=True)
class Fallback:
    """Taps that got the channel's own link for one reason."""

    reason: FallbackReason
    clicks: int
    latest_at: datetime


def find_channels(account: Account, wanted: dict[str, Any]) -> QuerySet[Channel]:
    """The account's channels that meet every filter given; `wanted` is the cleaned data of a `ChannelFilter`."""
    found = Channel.objects.filter(site__account=account).select_related("site", "bot")
    if text := wanted.get("q"):
        named = Q(pk=text) | Q(title__icontains=text) | Q(username__iexact=text.removeprefix("@"))
        if (chat := telegram_id(text.removeprefix("-"))) is not None:
            named |= Q(telegram_channel_id__in=[chat, -chat])
        found = found.filter(named)
    if wanted.get("site"):
        found = found.filter(site=wanted["site"])
    if wanted.get("state") != "all":
        found = found.filter(is_active=wanted.get("state") != "archived")
    return found.order_by("site__domain", "site_id", "funnel_order", "title", "pk")


def joins_of(channels: Iterable[Channel], period: Period) -> dict[str, Joins]:
    """The joins of several channels, without their days."""
    found: dict[str, Joins] = defaultdict(Joins)
    rows = _joined(period).filter(channel__in=[channel.pk for channel in channels]).order_by()
    for channel, route, tap, count, gone, back in _counted(rows.values_list("channel", "route", "tap_before")):
        _add(found[channel], route, tap, count, gone, back)
    return found


def joins_by_day(channel: Channel, period: Period) -> Joins:
    found = Joins()
    rows = _joined(period).filter(channel=channel).order_by().annotate(moment=truncated("joined_at", period))
    for moment, route, tap, count, gone, back in _counted(rows.values_list("moment", "route", "tap_before")):
        _add(found, route, tap, count, gone, back)
        found.by_day[kind_of(Route(route), tap)][local_day(moment)] += count
    return found


def find_joins(channel: Channel, period: Period) -> QuerySet[Join]:
    """The latest first."""
    rows = _joined(period).filter(channel=channel).select_related("lead", "visit")
    return rows.order_by("-joined_at", "-pk")


def waiting_requests(channel: Channel, period: Period) -> int:
    """How many asked to join in the period and were not let in."""
    asked = Join.objects.filter(channel=channel, joined_at__isnull=True)
    return asked.filter(requested_at__gte=period.since, requested_at__lt=period.until).count()


def waiting_links(channels: Iterable[Channel], *, now: datetime) -> dict[str, int]:
    """How many links of the right kind wait in each channel's pool."""
    waiting = Invite.objects.filter(
        supply.usable(now + supply.least_left()),
        given_at__isnull=True,
        channel__in=[channel.pk for channel in channels],
        creates_join_request=F("channel__uses_join_requests"),
    )
    return dict(waiting.order_by().values_list("channel").annotate(Count("pk")))


def links(channel: Channel, period: Period, *, now: datetime) -> Links:
    given = Invite.objects.filter(channel=channel, given_at__gte=period.since, given_at__lt=period.until)
    counts = given.aggregate(
        given=Count("pk"),
        used=Count("pk", filter=Q(used_at__isnull=False)),
        expired=Count("pk", filter=Q(used_at__isnull=True, expires_at__lte=now)),
    )
    return Links(waiting=waiting_links([channel], now=now).get(channel.pk, 0), **counts)


def fallbacks(channel: Channel, period: Period) -> list[Fallback]:
    """Why visitors got the channel's own link in the period, the most frequent reason first."""
    clicks = UnattributableClick.objects.filter(
        channel=channel, clicked_at__gte=period.since, clicked_at__lt=period.until
    )
    rows = clicks.order_by().values_list("reason").annotate(count=Count("pk"), latest=Max("clicked_at"))
    found = [Fallback(FallbackReason(reason), count, latest) for reason, count, latest in rows]
    return sorted(found, key=lambda fallback: (-fallback.clicks, fallback.reason))


def channels_beside(channel: Channel) -> int:
    """How many other active channels live on the same bot, whose calls Telegram counts together."""
    return Channel.objects.active().filter(bot=channel.bot_id).exclude(pk=channel.pk).count() if channel.bot_id else 0


def _joined(period: Period) -> QuerySet[Join]:
    return Join.objects.filter(joined_at__gte=period.since, joined_at__lt=period.until)


def _counted(rows: Any) -> Sequence[tuple[Any, ...]]:
    left, back = Q(left_at__isnull=False), Q(last_joined_at__gt=F("joined_at"))
    return list(rows.annotate(all=Count("pk"), gone=Count("pk", filter=left), back=Count("pk", filter=back)))


def _add(joins: Joins, route: str, tap: str, count: int, gone: int, back: int) -> None:
    joins.by_evidence[Route(route), tap] += count
    joins.left += gone
    joins.came_back += back
