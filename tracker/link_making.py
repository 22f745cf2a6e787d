"""Making invite links: which bot is asked, what is kept of its answer, and for how long Telegram rests after a refusal.

Telegram is asked from a worker, with one exception: `make_now`, for a visitor
who would otherwise get a link that leads back to no click.
"""

import threading
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from leads.models import Bot, Channel, Site
from leads.models.channel import TELEGRAM_LINK
from tracker import link_rates
from tracker.choices import FallbackReason
from tracker.models import Invite, InvitePool
from tracker.telegram import client, groups
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

LINK = TELEGRAM_LINK  # the only addresses anybody is ever sent to

REST = timedelta(seconds=30)  # after no answer
REST_REFUSED = timedelta(minutes=10)  # after one that only the channel's owner can change
MOST_AT_ONCE = 2  # requests of one process that wait for Telegram
REFUSED = "Telegram refuses to make invite links: "

_waiting = threading.BoundedSemaphore(MOST_AT_ONCE)


def make_now(channel: Channel, *, now: datetime) -> Invite | FallbackReason:
    """A new link, not yet given, or why there is none. Waits at most INVITE_WAIT_SECONDS.

    While Telegram rests, or others already wait for it, nobody waits at all.
    """
    if reason := _why_not(channel, now=now):
        return reason
    if not _waiting.acquire(blocking=False):
        return FallbackReason.POOL_EMPTY
    try:
        return _make_with_any(channel, now=now)
    finally:
        _waiting.release()


def _make_with_any(channel: Channel, *, now: datetime) -> Invite | FallbackReason:
    """By the first bot whose pace allows it."""
    found = link_rates.makers(channel, now=now)
    if not found:
        return FallbackReason.TELEGRAM
    maker = next((maker for maker in found if maker.may_ask()), None)
    if maker is None:
        return FallbackReason.POOL_EMPTY
    try:
        return make_link(channel, maker.bot, now=now, deadline_seconds=settings.INVITE_WAIT_SECONDS)
    except TelegramError as error:
        note_refusal(channel, maker.bot, error, now=now)
        return FallbackReason.TELEGRAM


def _why_not(channel: Channel, *, now: datetime) -> FallbackReason | None:
    pool: InvitePool | None = getattr(channel, "invite_pool", None)
    if pool and pool.rests_until and pool.rests_until > now:
        return FallbackReason.BOT_PROBLEM if channel.bot_problem else FallbackReason.TELEGRAM
    if reason := no_maker(channel):
        return reason
    return FallbackReason.DAILY_CAP if links_left_today(channel.site, now=now) <= 0 else None


def no_maker(channel: Channel) -> FallbackReason | None:
    """Why no bot can make links for the channel; None where one can. No query where the channel's own bot works."""
    if channel.bot and not channel.bot_problem:
        return None
    if link_rates.bots_of(channel):
        return None
    return FallbackReason.BOT_PROBLEM if channel.bot else FallbackReason.NO_BOT


def links_left_today(site: Site, *, now: datetime) -> int:
    """How many more links may be made for the site until midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = Invite.objects.filter(channel__site=site, created_at__gte=midnight).count()
    return int(settings.INVITE_LINKS_PER_DAY) - made


def make_link(channel: Channel, bot: Bot, *, now: datetime, deadline_seconds: float | None = None) -> Invite:
    """Asks Telegram for a link and keeps it. Raises TelegramError.

    For one person and one day: a member limit or, where the channel wants
    requests, a request each time; Telegram refuses both together.
    """
    expires_at = now + timedelta(hours=settings.INVITE_LINK_HOURS)
    invite = Invite(
        channel=channel, bot=bot, creates_join_request=channel.uses_join_requests, created_at=now, expires_at=expires_at
    )
    params = {
        "chat_id": channel.telegram_channel_id,
        "name": invite.pk,
        "expire_date": int(expires_at.timestamp()),
        **({"creates_join_request": True} if channel.uses_join_requests else {"member_limit": 1}),
    }
    result = client.call(bot.token(), "createChatInviteLink", params=params, deadline_seconds=deadline_seconds)
    link = result.get("invite_link") if isinstance(result, dict) else None
    if not isinstance(link, str) or not LINK.fullmatch(link):
        raise TelegramError(0, "Telegram's answer holds no link.")
    invite.link = link
    try:
        with transaction.atomic():
            invite.save(force_insert=True)
    except IntegrityError as error:
        raise TelegramError(0, "Telegram gave a link twice.") from error
    return invite


def note_refusal(channel: Channel, bot: Bot, error: TelegramError, *, now: datetime) -> None:
    """Lets Telegram rest as long as it asks, and shows on the channel what only its owner can change."""
    log.warning("no invite link made", channel=channel.pk, code=error.code, description=error.description)
    if error.migrate_to_chat_id:
        groups.move(channel.site.account_id, channel.telegram_channel_id, error.migrate_to_chat_id)
        return
    is_final = error.code in (400, 401, 403)
    rest = timedelta(seconds=error.retry_after) if error.retry_after else REST_REFUSED if is_final else REST
    link_rates.slow_down(
        bot, channel.telegram_channel_id, error=str(error), rest=rest, too_fast=error.code == 429, now=now
    )
    if is_final and bot.pk == channel.bot_id and not channel.bot_problem:
        channel.bot_problem = f"{REFUSED}{error.description}"[:200]
        channel.save(update_fields=["bot_problem"])
    resting = {"rests_until": now + rest, "last_error": str(error)[:200]}
    if not link_rates.makers(channel, now=now):
        InvitePool.objects.update_or_create(channel=channel, defaults=resting)
    if error.code == 429:  # Telegram counts the bot's calls, not the channel's
        InvitePool.objects.filter(channel__bot=bot, channel__further_bots=None).update(**resting)
