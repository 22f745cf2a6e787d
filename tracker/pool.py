"""Keeps invite links ready in each channel: makes them ahead of time, and takes back those that were not used."""

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from leads import report_days
from leads.models import Channel
from tracker import link_making, link_rates, supply
from tracker.link_rates import Maker
from tracker.models import Invite, InvitePool
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

RUN_SECONDS = 45  # a run stops after this; its lease ends later, so that no second one joins in
LEASE = timedelta(seconds=60)
TAKEN_BACK_AFTER = timedelta(minutes=15)


def leads_through_a_bot(channel: Channel) -> bool:
    """A channel whose Telegram id is a bot's own: starting the bot is the join."""
    return channel.telegram_channel_id > 0


# ------------------------------------------------------------------ ahead of time
def fill_pools(now: datetime, *, channel_id: str = "") -> int:
    """Makes links where fewer wait than the demand asks for; how many. One channel, or all that lack some."""
    ends = time.monotonic() + RUN_SECONDS
    made = 0
    for channel, lacking in _lacking(now, channel_id):
        if time.monotonic() > ends or not _lease(channel, now=now):
            continue
        try:
            made += _fill(channel, lacking, now=now, ends=ends)
        except TelegramError:
            break  # Telegram is away, for the other channels too
        finally:
            InvitePool.objects.filter(channel=channel).update(busy_until=None)
    return made


def _lacking(now: datetime, channel_id: str) -> list[tuple[Channel, int]]:
    """Channels with too few links and how many each lacks, the emptiest first. Keeps what each shall have."""
    channels = Channel.objects.active().filter(telegram_channel_id__lt=0)
    channels = channels.filter(Q(bot__isnull=False) | Q(further_bots__isnull=False)).distinct()
    if channel_id:
        channels = channels.filter(pk=channel_id)
    found = []
    for channel in channels.exclude(invite_pool__rests_until__gt=now).select_related("bot", "site", "invite_pool"):
        target, free = _target(channel, now=now), supply.count_free(channel, now)
        if free < target:
            found.append((free / target, channel, target - free))
    return [(channel, lacking) for _, channel, lacking in sorted(found, key=lambda one: one[0])]


def _target(channel: Channel, *, now: datetime) -> int:
    target = supply.demand_of(channel.pk, now).target()
    pool: InvitePool | None = getattr(channel, "invite_pool", None)
    if pool is None:
        pool, _ = InvitePool.objects.get_or_create(channel=channel)
    if pool.target != target:
        InvitePool.objects.filter(pk=pool.pk).update(target=target)
    return target


def _lease(channel: Channel, *, now: datetime) -> bool:
    """Whether this worker may fill the pool: one at a time does."""
    mine = InvitePool.objects.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=now), channel=channel)
    return bool(mine.update(busy_until=now + LEASE))


def _fill(channel: Channel, lacking: int, *, now: datetime, ends: float) -> int:
    """Takes back what was given and never used, where links are short, and makes the rest, its bots in turn."""
    if 2 * lacking > supply.demand_of(channel.pk, now).target():
        lacking -= take_back(channel, now=now, most=lacking)
    lacking = min(lacking, link_making.links_left_today(channel.site, now=now))
    # A right that was lost may be back: the channel's own bot is tried as well.
    bots = list(dict.fromkeys([*filter(None, [channel.bot]), *link_rates.bots_of(channel)]))
    makers, made = link_rates.makers(channel, now=now, bots=bots), 0
    idle: list[Maker] = []
    while makers and made < lacking and time.monotonic() <= ends:
        maker = makers.pop(0)
        if not maker.may_ask():
            idle.append(maker)
        elif _make(channel, maker):
            makers.append(maker)
            made += 1
    for maker in idle:
        link_rates.speed_up(maker)
    return made


def _make(channel: Channel, maker: Maker) -> bool:
    """One link; False where this bot has to rest. Raises TelegramError where Telegram gives no answer."""
    try:
        link_making.make_link(channel, maker.bot, now=timezone.now())
    except TelegramError as error:
        link_making.note_refusal(channel, maker.bot, error, now=timezone.now())
        if error.code == 0:
            raise
        return False
    if maker.bot.pk == channel.bot_id and channel.bot_problem.startswith(link_making.REFUSED):
        channel.bot_problem = ""
        channel.save(update_fields=["bot_problem"])
    return True


# ------------------------------------------------------------------ back into the pool
def take_back(channel: Channel, *, now: datetime, most: int) -> int:
    """Frees links that were given a quarter of an hour ago and not used, the oldest first; how many.

    Not one by which somebody asked to join: that person is on the way.
    """
    given = Invite.objects.filter(
        supply.usable(now + supply.least_left()),
        channel=channel,
        given_at__lt=now - TAKEN_BACK_AFTER,
        creates_join_request=channel.uses_join_requests,
        joins__isnull=True,
    )
    oldest = list(given.order_by("given_at").values_list("pk", "given_at")[: max(0, most)])
    # Who taps again meanwhile keeps their link: the row is asked once more.
    still = Invite.objects.filter(
        pk__in=[pk for pk, _ in oldest], given_at__lt=now - TAKEN_BACK_AFTER, used_at__isnull=True
    )
    with transaction.atomic():
        report_days.figures_changed(channel.site.account_id, [at for _, at in oldest if at], now=now)
        return still.update(given_at=None, temp_id=None, visit=None, clicks=0)
