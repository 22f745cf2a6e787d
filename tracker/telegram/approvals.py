"""Approves due join requests at Telegram, outside any request and any transaction."""

from datetime import datetime, timedelta

import structlog

from adtarget.core import doorbell
from adtarget.core.claiming import claim_until
from tracker.models import Join
from tracker.telegram import client, groups
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

PAUSE = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=1)
AT_ONCE = 100
_SETTLED = ("HIDE_REQUESTER_MISSING", "USER_ALREADY_PARTICIPANT")  # somebody else decided, or they are in


def ring() -> None:
    """Has a worker approve soon; without one the sweep does."""
    doorbell.call("tracker.approve_join_requests")


def approve_due(now: datetime) -> int:
    """Approves the requests that wait for it; how many Telegram let in."""
    due = Join.objects.filter(approval_due_at__lte=now).order_by("approval_due_at")
    return sum(_approve(join, now=now) for join in due.select_related("channel__bot", "lead")[:AT_ONCE])


def _approve(join: Join, *, now: datetime) -> bool:
    """Approves one request, unless another worker does."""
    if not claim_until(join, now + PAUSE, field="approval_due_at"):
        return False
    row = Join.objects.filter(pk=join.pk)
    channel, bot = join.channel, join.channel.bot
    if bot is None:
        row.update(approval_due_at=None)
        return False
    params = {"chat_id": channel.telegram_channel_id, "user_id": join.lead.telegram_user_id}
    try:
        client.call(bot.token(), "approveChatJoinRequest", params=params)
    except TelegramError as error:
        row.update(approval_due_at=_next_time(join, error, now=now))
        _note(join, error)
        return False
    row.update(approval_due_at=None, approved_at=now)
    return True


def _next_time(join: Join, error: TelegramError, *, now: datetime) -> datetime | None:
    """When to ask again; None where the answer is final or the request a day old."""
    if error.migrate_to_chat_id:
        return now
    if error.retry_after:
        return now + timedelta(seconds=error.retry_after)
    is_old = join.requested_at is None or join.requested_at < now - GIVE_UP_AFTER
    return None if is_old or error.code in (400, 403) else now + PAUSE


def _note(join: Join, error: TelegramError) -> None:
    """Notes on the channel a problem that only its owner can fix."""
    if error.migrate_to_chat_id:
        groups.move(join.channel.site.account_id, join.channel.telegram_channel_id, error.migrate_to_chat_id)
    elif error.code in (400, 403) and not any(settled in error.description for settled in _SETTLED):
        join.channel.bot_problem = f"Telegram refuses to approve requests: {error.description}"[:200]
        join.channel.save(update_fields=["bot_problem"])
