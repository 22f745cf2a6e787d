"""Making invite links: ahead of time into the pool, on the spot where it is empty; and revoking used ones.

Telegram is asked from a worker, with one exception: `make_now`, for a visitor
who would otherwise get a link that leads back to no click.
"""

import threading
import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from adtarget.core import rate_limit
from leads.models import Channel, Site
from leads.models.channel import TELEGRAM_LINK
from tracker.choices import FallbackReason
from tracker.models import Invite, InvitePool
from tracker.telegram import client, groups
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

LINK = TELEGRAM_LINK  # the only addresses anybody is ever sent to

RUN_SECONDS = 45  # a run stops after this; its lease ends later, so that no second one joins in
LEASE = timedelta(seconds=60)
REST = timedelta(seconds=30)  # after no answer
REST_REFUSED = timedelta(minutes=10)  # after one that only the channel's owner can change
KEEP_UNUSED = timedelta(days=7)
REVOKED_AT_ONCE = 100
MOST_AT_ONCE = 2  # requests of one process that wait for Telegram
REFUSED = "Telegram refuses to make invite links: "

_waiting = threading.BoundedSemaphore(MOST_AT_ONCE)


def usable(until: datetime, prefix: str = "") -> Q:
    """Links that still let somebody in, and will until then."""
    wanted = {"used_at__isnull": True, "revoked_at__isnull": True, "expires_at__gt": until}
    return Q(**{f"{prefix}{name}": value for name, value in wanted.items()})


def least_left() -> timedelta:
    """How long a link must still work for somebody to get it."""
    return min(timedelta(hours=1), timedelta(hours=settings.INVITE_LINK_HOURS) / 4)


def leads_through_a_bot(channel: Channel) -> bool:
    """A channel whose Telegram id is a bot's own: starting the bot is the join."""
    return channel.telegram_channel_id > 0


# ------------------------------------------------------------------ on the spot
def make_now(channel: Channel, *, now: datetime) -> Invite | FallbackReason:
    """A new link, not yet given, or why there is none. Waits at most INVITE_WAIT_SECONDS.

    While Telegram rests, or others already wait for it, nobody waits at all.
    """
    if reason := _why_not(channel, now=now):
        return reason
    if not _waiting.acquire(blocking=False):
        return FallbackReason.POOL_EMPTY
    try:
        return make_link(channel, now=now, deadline_seconds=settings.INVITE_WAIT_SECONDS)
    except TelegramError as error:
        note_refusal(channel, error, now=now)
        return FallbackReason.TELEGRAM
    finally:
        _waiting.release()


def _why_not(channel: Channel, *, now: datetime) -> FallbackReason | None:
    if channel.bot is None:
        return FallbackReason.NO_BOT
    if channel.bot_problem:
        return FallbackReason.BOT_PROBLEM
    pool: InvitePool | None = getattr(channel, "invite_pool", None)
    if pool and pool.rests_until and pool.rests_until > now:
        return FallbackReason.TELEGRAM
    if links_left_today(channel.site, now=now) <= 0:
        return FallbackReason.DAILY_CAP
    return None if _may_ask(channel, "now") else FallbackReason.POOL_EMPTY


def _may_ask(channel: Channel, who: str) -> bool:
    per_minute = settings.INVITE_LINKS_PER_MINUTE
    return not rate_limit.take(f"telegram:{who}:{channel.pk}", per_minute=per_minute, burst=per_minute)


def links_left_today(site: Site, *, now: datetime) -> int:
    """How many more links may be made for the site until midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = Invite.objects.filter(channel__site=site, created_at__gte=midnight).count()
    return int(settings.INVITE_LINKS_PER_DAY) - made


def make_link(channel: Channel, *, now: datetime, deadline_seconds: float | None = None) -> Invite:
    """Asks Telegram for a link and keeps it. Raises TelegramError.

    For one person and one day: a member limit or, where the channel wants
    requests, a request each time; Telegram refuses both together.
    """
    expires_at = now + timedelta(hours=settings.INVITE_LINK_HOURS)
    invite = Invite(
        channel=channel, creates_join_request=channel.uses_join_requests, created_at=now, expires_at=expires_at
    )
    params = {
        "chat_id": channel.telegram_channel_id,
        "name": invite.pk,
        "expire_date": int(expires_at.timestamp()),
        **({"creates_join_request": True} if channel.uses_join_requests else {"member_limit": 1}),
    }
    assert channel.bot is not None  # noqa: S101  (callers asked)
    result = client.call(channel.bot.token(), "createChatInviteLink", params=params, deadline_seconds=deadline_seconds)
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


def note_refusal(channel: Channel, error: TelegramError, *, now: datetime) -> None:
    """Lets Telegram rest as long as it asks, and shows on the channel what only its owner can mend."""
    log.warning("no invite link made", channel=channel.pk, code=error.code, description=error.description)
    if error.migrate_to_chat_id:
        groups.move(channel.site.account_id, channel.telegram_channel_id, error.migrate_to_chat_id)
        return
    is_final = error.code in (400, 401, 403)
    rest = timedelta(seconds=error.retry_after) if error.retry_after else REST_REFUSED if is_final else REST
    resting = {"rests_until": now + rest, "last_error": str(error)[:200]}
    InvitePool.objects.update_or_create(channel=channel, defaults=resting)
    if error.retry_after:  # Telegram counts the bot's calls, not the channel's
        InvitePool.objects.filter(channel__bot=channel.bot).update(**resting)
    if is_final and not channel.bot_problem:
        channel.bot_problem = f"{REFUSED}{error.description}"[:200]
        channel.save(update_fields=["bot_problem"])


# ------------------------------------------------------------------ ahead of time
def fill_pools(now: datetime, *, channel_id: str = "") -> int:
    """Makes links where fewer than INVITE_POOL_SIZE wait; how many. One channel, or all that lack some."""
    ends = time.monotonic() + RUN_SECONDS
    made = 0
    for channel in _thirsty(now, channel_id):
        if time.monotonic() > ends or not _lease(channel, now=now):
            continue
        try:
            made += _fill(channel, now=now, ends=ends)
        except TelegramError as error:
            note_refusal(channel, error, now=timezone.now())
            if error.code == 0:
                break  # Telegram is away, for the other channels too
        finally:
            InvitePool.objects.filter(channel=channel).update(busy_until=None)
    return made


def _thirsty(now: datetime, channel_id: str) -> QuerySet[Channel]:
    of_right_kind = Q(invites__given_at__isnull=True, invites__creates_join_request=F("uses_join_requests"))
    waiting = usable(now + least_left(), "invites__") & of_right_kind
    channels = Channel.objects.active().filter(bot__isnull=False, telegram_channel_id__lt=0)
    if channel_id:
        channels = channels.filter(pk=channel_id)
    return (
        channels.exclude(invite_pool__rests_until__gt=now)
        .select_related("bot", "site")
        .annotate(waiting=Count("invites", filter=waiting))
        .filter(waiting__lt=settings.INVITE_POOL_SIZE)
        .order_by("waiting")
    )


def _lease(channel: Channel, *, now: datetime) -> bool:
    """Whether this worker may fill the pool: one at a time does."""
    InvitePool.objects.get_or_create(channel=channel)
    mine = InvitePool.objects.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=now), channel=channel)
    return bool(mine.update(busy_until=now + LEASE))


def _fill(channel: Channel, *, now: datetime, ends: float) -> int:
    lacking = settings.INVITE_POOL_SIZE - channel.waiting  # type: ignore[attr-defined]
    made = 0
    for _ in range(min(lacking, links_left_today(channel.site, now=now))):
        if time.monotonic() > ends or not _may_ask(channel, "pool"):
            break
        make_link(channel, now=timezone.now())
        made += 1
    if made and channel.bot_problem.startswith(REFUSED):
        channel.bot_problem = ""
        channel.save(update_fields=["bot_problem"])
    return made


# ------------------------------------------------------------------ after use or age
def revoke_stale(now: datetime) -> int:
    """Revokes links that were used, or wait for nobody any more; how many.

    A used link must go: when its person leaves, its one place is free again.
    Links that nobody used expire at Telegram by themselves.
    """
    of_other_kind = Q(given_at__isnull=True) & ~Q(creates_join_request=F("channel__uses_join_requests"))
    stale = Invite.objects.filter(Q(used_at__isnull=False) | of_other_kind, revoked_at__isnull=True, expires_at__gt=now)
    stale = stale.exclude(channel__invite_pool__rests_until__gt=now).filter(channel__bot__isnull=False)
    revoked = 0
    for invite in stale.select_related("channel__bot", "channel__site").order_by("expires_at")[:REVOKED_AT_ONCE]:
        try:
            _revoke(invite, now=now)
        except TelegramError as error:
            note_refusal(invite.channel, error, now=now)
            break
        revoked += 1
    return revoked


def _revoke(invite: Invite, *, now: datetime) -> None:
    channel, bot = invite.channel, invite.channel.bot
    assert bot is not None  # noqa: S101  (the query asked)
    params = {"chat_id": channel.telegram_channel_id, "invite_link": invite.link}
    try:
        client.call(bot.token(), "revokeChatInviteLink", params=params)
    except TelegramError as error:
        if error.code != 400 or error.migrate_to_chat_id:
            raise
        log.warning("invite link not revoked", channel=channel.pk, description=error.description)  # it is gone already
    Invite.objects.filter(pk=invite.pk).update(revoked_at=now)


def purge_unused(now: datetime) -> int:
    """Deletes links that expired a week ago without having been given to anybody."""
    old = Invite.objects.filter(given_at__isnull=True, used_at__isnull=True, expires_at__lt=now - KEEP_UNUSED)
    return old.delete()[0]
