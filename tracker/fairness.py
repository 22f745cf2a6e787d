"""Decides whether a visitor may have a personal invite link, so that one address cannot take them all.

Refused visitors go on by the channel's own link, as `no_visit` or `address_limit`.
"""

from datetime import datetime, timedelta

from django.conf import settings

from adtarget.core import rate_limit
from leads.models import Channel
from tracker import attribution, supply
from tracker.choices import FallbackReason
from tracker.models import Visit

SOONEST, LATEST = timedelta(seconds=1), timedelta(hours=1)
LEAST_IN_MINUTES = 10  # what an address has while links are short
SHARE_OF_DAY = 0.25  # of the site's links a day, for an address over its own limits
DAY_MINUTES = 24 * 60


def refusal(channel: Channel, visit: Visit, address: str, *, now: datetime) -> FallbackReason | None:
    """Why the visitor gets no link of their own; None where they may. Takes one from what the address may have."""
    if not _came_by_the_page(visit, now):
        return FallbackReason.NO_VISIT
    return None if _may_have(channel, address, now=now) else FallbackReason.ADDRESS_LIMIT


def _came_by_the_page(visit: Visit, now: datetime) -> bool:
    """An ad's click, or a page view that is neither just made for this nor long ago."""
    if attribution.has_click(visit):
        return True
    return not visit.from_tap and visit.session.started_at <= now - SOONEST and visit.visited_at >= now - LATEST


def _may_have(channel: Channel, address: str, *, now: datetime) -> bool:
    """An address has its own limits, and a share of the supply beyond them while there is enough.

    A shared address, as of a mobile carrier, thus gets links for many people.
    Where links are short each address has one in ten minutes, or a fifth of its limit where that is set higher.
    """
    if settings.DEMO:  # all its visitors come from this machine
        return True
    name = f"{channel.pk}:{address}"
    minute, day = settings.INVITES_PER_ADDRESS, settings.INVITES_PER_ADDRESS_AND_DAY
    least = max(1, minute // 5)
    is_first = _take("first", name, per_minute=least / LEAST_IN_MINUTES, burst=least)
    is_within = _take("minute", name, per_minute=minute, burst=minute) and _take(
        "day", name, per_minute=day / DAY_MINUTES, burst=day
    )
    if supply.supply_of(channel, now).is_short:
        return is_first
    share = max(1, int(SHARE_OF_DAY * settings.INVITE_LINKS_PER_DAY))
    return is_within or _take("share", f"{channel.site_id}:{address}", per_minute=share / DAY_MINUTES, burst=share)


def got_none(channel: Channel, address: str) -> None:
    """Nothing was given after all: the address still has its first link before it."""
    rate_limit.forget(f"links-first:{channel.pk}:{address}")


def _take(kind: str, name: str, *, per_minute: float, burst: int) -> bool:
    return not rate_limit.take(f"links-{kind}:{name}", per_minute=per_minute, burst=burst)
