"""Advice on a channel: what to change so that more joins can be attributed to ads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adtarget.dashboard.advice import Advice
from adtarget.dashboard.channels.join_figures import JoinKind, Joins
from leads.models import Channel
from tracker import pool
from tracker.choices import FallbackReason, Route, Tap

LEAST = 3  # joins or taps; fewer happen by chance
LEAST_SHARE = 0.02  # of all joins
LEAVING = 0.5  # more than this share leaves: their events teach the platforms little


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a channel's page knows. `joins` and `clicks` are of its period, the rest is as it is now."""

    channel: Channel
    joins: Joins = field(default_factory=Joins)
    clicks: Mapping[FallbackReason, int] = field(default_factory=dict)
    waiting_requests: int = 0
    channels_beside: int = 0
    has_own_link: bool = True

    def matters(self, count: int) -> bool:
        return count >= LEAST and count >= LEAST_SHARE * self.joins.total


def advise(facts: Facts) -> list[Advice]:
    """The most urgent first; nothing for an archived channel."""
    if not facts.channel.is_active:
        return []
    return [advice for rule in RULES if (advice := rule(facts))]


def _bot(facts: Facts) -> Advice | None:
    channel = facts.channel
    if channel.bot is None:
        return Advice("The channel has no bot, so joins are not seen.", "Connect a bot in the set-up.")
    if not channel.bot_problem:
        return None
    if pool.leads_through_a_bot(channel):
        return Advice(channel.bot_problem, "Check the bot in the set-up.")
    what = f"Make {channel.bot} an administrator of the channel, with the right to invite users via link."
    return Advice(channel.bot_problem, what)


def _public(facts: Facts) -> Advice | None:
    lost = facts.joins.lost_by(Route.PUBLIC_CHANNEL)
    if not facts.channel.username or not facts.matters(lost):
        return None
    why = f"{_joins(lost)} followed a tap on the page, and Telegram named no link, as often in public channels."
    return Advice(why, "Make the channel private: people then join by links only, and each join names its link.")


def _unnamed(facts: Facts) -> Advice | None:
    """The channel is private as far as we know, and still no link is named."""
    channel, lost = facts.channel, facts.joins.lost_by(Route.PUBLIC_CHANNEL)
    if channel.username or channel.uses_join_requests or not facts.matters(lost):
        return None
    why = f"{_joins(lost)} followed a tap on the page, and Telegram did not say by which link."
    return Advice(why, "Use request links: Telegram names the link with each request to join.")


def _shared(facts: Facts) -> Advice | None:
    lost = facts.joins.by(Route.LINK_SHARED)
    if not facts.channel.uses_join_requests or not facts.matters(lost):
        return None
    why = f"{_joins(lost)} came by a link that another person had used before."
    return Advice(why, "Turn request links off: a link then lets one person in, and cannot be passed on.")


def _other_links(facts: Facts) -> Advice | None:
    lost = facts.joins.lost_by(Route.LINK_UNKNOWN, Tap.PERSONAL)
    if not facts.matters(lost):
        return None
    why = f"{_joins(lost)} by links that are not ours followed a tap of somebody with a link of their own."
    return Advice(why, "Take other invite links off the page, the bot and pinned posts, or give them the tracked link.")


def _slow_pool(facts: Facts) -> Advice | None:
    taps = facts.clicks.get(FallbackReason.POOL_EMPTY, 0)
    if not facts.matters(taps):
        return None
    why = f"{_taps(taps)} found the pool empty: links were asked for faster than they were made."
    return Advice(why, "Give the channel a further bot: each makes links at a pace of its own.")


def _resting(facts: Facts) -> Advice | None:
    taps = facts.clicks.get(FallbackReason.TELEGRAM, 0)
    if not facts.matters(taps) or not facts.channels_beside:
        return None
    beside = f"{facts.channels_beside} other channel{'s' if facts.channels_beside > 1 else ''}"
    why = f"{_taps(taps)} got no link while Telegram asked to wait; the bot works for {beside} too."
    return Advice(why, "Give this channel a bot of its own: Telegram counts the calls of each bot.")


def _daily_cap(facts: Facts) -> Advice | None:
    taps = facts.clicks.get(FallbackReason.DAILY_CAP, 0)
    if not facts.matters(taps):
        return None
    why = f"{_taps(taps)} came after the site's links of the day were used up."
    return Advice(why, "Ask your administrator to raise INVITE_LINKS_PER_DAY.")


def _one_address(facts: Facts) -> Advice | None:
    taps = facts.clicks.get(FallbackReason.ADDRESS_LIMIT, 0)
    if not facts.matters(taps):
        return None
    why = f"{_taps(taps)} came from addresses that had asked for too many links."
    return Advice(why, "See that your proxy passes on each visitor's address; otherwise these are robots.")


def _own_link(facts: Facts) -> Advice | None:
    if facts.has_own_link or pool.leads_through_a_bot(facts.channel):
        return None
    why = "The channel has no link of its own: who taps while no link is ready is shown an error."
    return Advice(why, "Make one in Telegram and enter it in Settings as the channel's own link.")


def _requests(facts: Facts) -> Advice | None:
    channel, waiting = facts.channel, facts.waiting_requests
    if not channel.uses_join_requests or channel.auto_approve or waiting < LEAST:
        return None
    why = f"{waiting:,} people asked to join and were not let in."
    return Advice(why, "Let them in, or turn on “Approve join requests automatically”.")


def _no_event(facts: Facts) -> Advice | None:
    if facts.channel.event_type or not facts.joins.total:
        return None
    why = "Joins are not counted as an event here, so nothing is sent to the ad platforms."
    return Advice(why, "Choose an event in the settings.")


def _no_ad(facts: Facts) -> Advice | None:
    without = facts.joins.of(JoinKind.NO_CLICK)
    if not facts.matters(without) or without < facts.joins.attributed:
        return None
    why = f"{_joins(without)} came by the page without an ad's click id, at least as many as with one."
    return Advice(why, "Look whether your ads lead straight to the page, with no redirect that drops the query.")


def _leaving(facts: Facts) -> Advice | None:
    joins = facts.joins
    if facts.channel.stay_hours or joins.left <= LEAVING * joins.total or not facts.matters(joins.left):
        return None
    why = f"{joins.left:,} of {joins.total:,} have left since, and their events were sent all the same."
    return Advice(why, "Set hours to stay: the event is then sent for those who stay.")


def _joins(count: int) -> str:
    return f"{count:,} joins"  # never one: see LEAST


def _taps(count: int) -> str:
    return f"{count:,} taps"


RULES: tuple[Callable[[Facts], Advice | None], ...] = (
    _bot,
    _public,
    _unnamed,
    _shared,
    _other_links,
    _slow_pool,
    _resting,
    _daily_cap,
    _one_address,
    _requests,
    _no_event,
    _no_ad,
    _leaving,
    _own_link,
)
