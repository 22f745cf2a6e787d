"""Answers a click on "Join": a personal invite link tied to the visit, or the channel's own link and why."""

import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import RawSQL

from adtarget.core import doorbell, errors, rate_limit
from adtarget.core.prepared import PreparedQuery, prepared_cursor
from leads.models import Channel, Site
from tracker import attribution, fairness, link_making, pool, supply
from tracker.choices import REFUSED_AS_ABUSE, FallbackReason
from tracker.models import Invite, UnattributableClick, Visit
from tracker.sites import site_named

MOST_REFUSALS_A_MINUTE = 60  # kept as rows; a flood of them shall not fill the disk
CANDIDATES = 20  # looked at together
REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 1000

_TELEGRAM_ID = re.compile(r"-[0-9]{1,18}")
_last_own_links: dict[tuple[str, str], tuple[str, float]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """Where the visitor goes. `reason` says why the link is not theirs alone; None where it is."""

    link: str
    channel_id: str
    reason: FallbackReason | None = None


def channel_for(website_id: str, channel_id: str) -> Channel:
    """The named channel of the site, else its default one, else the first of its funnel, with bot and pool.

    Raises SiteNotFound or ChannelNotFound.
    """
    if not channel_id:
        found = _default_channel(website_id)
    elif _TELEGRAM_ID.fullmatch(channel_id):
        found = _channel_by_telegram_id(website_id, int(channel_id))
    else:
        found = _channel_by_id(website_id, channel_id)
    if not found:
        site_named(website_id)  # says so if it is the site that is missing
        raise errors.ChannelNotFound
    return found[0]


def _channels(website_id: str) -> QuerySet[Channel]:
    of_site = Channel.objects.active().filter(site__website_id=website_id)
    return of_site.select_related("site", "bot", "invite_pool").order_by("-is_default", "funnel_order", "pk")


_default_channel = PreparedQuery(lambda website_id: _channels(website_id)[:1], "")
_channel_by_id = PreparedQuery(lambda website_id, channel_id: _channels(website_id).filter(pk=channel_id), "", "")
_channel_by_telegram_id = PreparedQuery(
    lambda website_id, number: _channels(website_id).filter(telegram_channel_id=number), "", 0
)


def give_invite(*, channel: Channel, visit: Visit, address: str, now: datetime) -> Given:
    """The visitor's link: the unused one they had before, one from the pool, one made now, or the channel's own.

    Raises ServiceUnavailable where the channel has no link at all.
    """
    if pool.leads_through_a_bot(channel):
        return _start_link(channel, visit, now=now)
    candidates = _candidates(channel, visit, now=now)
    if len(candidates) <= min(CANDIDATES, settings.INVITE_POOL_SIZE) / 2:
        doorbell.call("tracker.fill_invite_pools", channel_id=channel.pk)
    for invite in candidates:
        if invite.given_at and _take(invite, visit, now=now):
            return Given(link=invite.link, channel_id=channel.pk)
    if refused := fairness.refusal(channel, visit, address, now=now):
        return _fall_back(channel, visit, link_making.no_maker(channel) or refused, now=now)
    for invite in candidates:
        if not invite.given_at and _take(invite, visit, now=now):
            supply.note_given(channel)
            return Given(link=invite.link, channel_id=channel.pk)
    made = link_making.make_now(channel, now=now)
    if not isinstance(made, Invite):
        fairness.got_none(channel, address)
        return _fall_back(channel, visit, made, now=now)
    _take(made, visit, now=now)
    return Given(link=made.link, channel_id=channel.pk)


def _candidates(channel: Channel, visit: Visit, *, now: datetime) -> list[Invite]:
    """The visitor's own links, then some of the pool; shuffled, so that two visitors rarely try the same."""
    find = _request_links if channel.uses_join_requests else _links
    found = find(channel.pk, visit.temp_id.hex, now + supply.least_left())
    free = [invite for invite in found if not invite.given_at]
    random.shuffle(free)
    return [invite for invite in found if invite.given_at] + free


def _links_for(channel_id: str, temp_id: str, until: datetime, *, creates_join_request: bool) -> QuerySet[Invite]:
    theirs_or_free = Q(temp_id=RawSQL("%s", [temp_id])) | Q(given_at__isnull=True)
    invites = Invite.objects.filter(
        supply.usable(until), theirs_or_free, channel=channel_id, creates_join_request=creates_join_request
    )
    return invites.order_by(F("given_at").desc(nulls_last=True), "created_at")[:CANDIDATES]


_EXAMPLES = ("", "", datetime.min.replace(tzinfo=UTC))
_links = PreparedQuery(partial(_links_for, creates_join_request=False), *_EXAMPLES)
_request_links = PreparedQuery(partial(_links_for, creates_join_request=True), *_EXAMPLES)


def _take(invite: Invite, visit: Visit, *, now: datetime) -> bool:
    """Gives the link to the visit; False where another visitor was faster."""
    kept, visitor = None if visit._state.adding else visit.pk, visit.temp_id.hex
    given_at = connection.ops.adapt_datetimefield_value(invite.given_at or now)
    with prepared_cursor() as cursor:
        cursor.execute(_TAKE, [kept, visitor, given_at, invite.pk, visitor])
        return bool(cursor.rowcount)


#: Compiled by hand: Django takes longer to make it than the database to do it.
_TAKE = """
UPDATE tracker_invite SET visit_id = %s, temp_id = %s, given_at = %s, clicks = clicks + 1
WHERE id = %s AND used_at IS NULL AND (temp_id = %s OR given_at IS NULL)
"""


# ------------------------------------------------------------------ channels' own links
def own_link(channel: Channel) -> str:
    """The channel's own address: its stored link, or its public name; '' where it has neither."""
    return next(iter(_own(channel)), "")


def _own(channel: Channel) -> list[str]:
    links = (channel.invite_link, f"https://t.me/{channel.username}")
    return [link for link in links if link_making.LINK.fullmatch(link)]


def own_links(site: Site) -> dict[str, str]:
    """The links on the site's pages that mean one of its channels → that channel's id."""
    links: dict[str, str] = {}
    for channel in Channel.objects.active().filter(site=site).order_by("funnel_order", "pk"):
        for link in _own(channel):
            links.setdefault(link, channel.pk)
    return links


def remember(website_id: str, channel_id: str, channel: Channel) -> None:
    """Keeps the channel's own link in this process, for visitors who come while the database is away."""
    if len(_last_own_links) >= MOST_REMEMBERED:
        _last_own_links.clear()
    _last_own_links[website_id, channel_id] = own_link(channel), time.monotonic()


def remembered_link(website_id: str, channel_id: str) -> str:
    """The own link of a channel that was given out in the last ten minutes; '' where there is none."""
    link, at = _last_own_links.get((website_id, channel_id), ("", 0.0))
    return link if time.monotonic() - at < REMEMBERED_SECONDS else ""


def _fall_back(channel: Channel, visit: Visit, reason: FallbackReason, *, now: datetime) -> Given:
    if reason not in REFUSED_AS_ABUSE or not _is_flooded(channel):
        kept = None if visit._state.adding else visit
        UnattributableClick.objects.create(channel=channel, visit=kept, reason=reason, clicked_at=now)
    link = own_link(channel)
    if not link:
        raise errors.ServiceUnavailable("This channel has no invite link at the moment.", retry_after=30)
    return Given(link=link, channel_id=channel.pk, reason=reason)


def _is_flooded(channel: Channel) -> bool:
    """Whether this process has noted enough refused taps of the channel in this minute."""
    most = MOST_REFUSALS_A_MINUTE
    return bool(rate_limit.take(f"refused-taps:{channel.pk}", per_minute=most, burst=most, is_shared=False))


def _start_link(channel: Channel, visit: Visit, *, now: datetime) -> Given:
    if channel.bot is None:
        return _fall_back(channel, visit, FallbackReason.NO_BOT, now=now)
    link = f"https://t.me/{channel.bot.username}?start={attribution.start_payload(visit)}"
    return Given(link=link, channel_id=channel.pk)
