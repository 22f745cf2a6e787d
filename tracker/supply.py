"""How many invite links a channel should keep ready, from its recent clicks, and whether they run short."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from leads.models import Channel
from tracker.choices import FallbackReason
from tracker.models import Invite, UnattributableClick

REMEMBERED_SECONDS = 1.0
MOST_REMEMBERED = 1000
TEN_MINUTES, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
#: Taps that would have taken a link, had there been one.
FOR_WANT_OF_LINKS = (FallbackReason.POOL_EMPTY, FallbackReason.TELEGRAM, FallbackReason.DAILY_CAP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """Clicks that wanted a link of their own, by how long ago they were at most."""

    ten_minutes: int = 0
    hour: int = 0
    day: int = 0

    def target(self) -> int:
        """How many links to keep ready: twice the last ten minutes, the last hour, or three hours of an average day."""
        wanted = settings.INVITE_POOL_SIZE + max(2 * self.ten_minutes, self.hour, self.day // 8)
        return int(min(wanted, max(settings.INVITE_POOL_MOST, settings.INVITE_POOL_SIZE)))


@dataclass(slots=True)
class Supply:
    """Links that are free now, and how many shall be."""

    free: int
    target: int
    counted_at: float = 0.0

    @property
    def is_short(self) -> bool:
        return 2 * self.free < self.target


_known: dict[str, Supply] = {}


def demand_of(channel_id: str, now: datetime) -> Demand:
    given = Invite.objects.filter(channel=channel_id, given_at__gt=now - DAY)
    missed = UnattributableClick.objects.filter(
        channel=channel_id, clicked_at__gt=now - DAY, reason__in=FOR_WANT_OF_LINKS
    )
    counts = [_counts(given, "given_at", now), _counts(missed, "clicked_at", now)]
    return Demand(**{name: sum(count[name] for count in counts) for name in ("ten_minutes", "hour", "day")})


def _counts(rows: QuerySet[Any], moment: str, now: datetime) -> dict[str, int]:
    spans = {"ten_minutes": TEN_MINUTES, "hour": HOUR, "day": DAY}
    wanted = {name: Count("pk", filter=Q(**{f"{moment}__gt": now - span})) for name, span in spans.items()}
    found: dict[str, int] = rows.aggregate(**wanted)
    return found


def usable(until: datetime, prefix: str = "") -> Q:
    """Links that still let somebody in, and will until then."""
    wanted = {"used_at__isnull": True, "revoked_at__isnull": True, "expires_at__gt": until}
    return Q(**{f"{prefix}{name}": value for name, value in wanted.items()})


def least_left() -> timedelta:
    """How long a link must still work for somebody to get it."""
    return min(timedelta(hours=1), timedelta(hours=settings.INVITE_LINK_HOURS) / 4)


def count_free(channel: Channel, now: datetime) -> int:
    """Links of the channel that wait for a visitor."""
    waiting = Invite.objects.filter(usable(now + least_left()), channel=channel, given_at__isnull=True)
    return waiting.filter(creates_join_request=channel.uses_join_requests).count()


def supply_of(channel: Channel, now: datetime) -> Supply:
    """As counted at most a second ago, less what this process gave since."""
    known = _known.get(channel.pk)
    if known and time.monotonic() - known.counted_at < REMEMBERED_SECONDS:
        return known
    if len(_known) >= MOST_REMEMBERED:
        _known.clear()
    pool = getattr(channel, "invite_pool", None)
    target = max(pool.target if pool else 0, settings.INVITE_POOL_SIZE)
    _known[channel.pk] = Supply(count_free(channel, now), target, time.monotonic())
    return _known[channel.pk]


def note_given(channel: Channel) -> None:
    if known := _known.get(channel.pk):
        known.free -= 1


def forget() -> None:
    """Links are counted anew."""
    _known.clear()
