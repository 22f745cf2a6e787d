"""Revokes invite links that were used or are no longer needed, and forgets those that expired unused."""

from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q

from leads.models import Bot
from tracker import link_making
from tracker.models import Invite
from tracker.telegram import client
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

KEEP_UNUSED = timedelta(days=7)
REVOKED_AT_ONCE = 100


def revoke_stale(now: datetime) -> int:
    """Revokes links that were used or are no longer needed; how many.

    A used link must go: when its person leaves, its one place is free again.
    Links that nobody used expire at Telegram by themselves.
    """
    of_other_kind = Q(given_at__isnull=True) & ~Q(creates_join_request=F("channel__uses_join_requests"))
    stale = Invite.objects.filter(Q(used_at__isnull=False) | of_other_kind, revoked_at__isnull=True, expires_at__gt=now)
    stale = stale.exclude(channel__invite_pool__rests_until__gt=now)
    stale = stale.filter(Q(bot__isnull=False) | Q(channel__bot__isnull=False))
    revoked = 0
    for invite in stale.select_related("bot", "channel__bot", "channel__site").order_by("expires_at")[:REVOKED_AT_ONCE]:
        try:
            _revoke(invite, now=now)
        except TelegramError as error:
            link_making.note_refusal(invite.channel, _maker_of(invite), error, now=now)
            break
        revoked += 1
    return revoked


def _maker_of(invite: Invite) -> Bot:
    """The bot that made the link: Telegram lets no other revoke it."""
    bot = invite.bot or invite.channel.bot
    assert bot is not None  # noqa: S101  (the query asked)
    return bot


def _revoke(invite: Invite, *, now: datetime) -> None:
    channel = invite.channel
    params = {"chat_id": channel.telegram_channel_id, "invite_link": invite.link}
    try:
        client.call(_maker_of(invite).token(), "revokeChatInviteLink", params=params)
    except TelegramError as error:
        if error.code != 400 or error.migrate_to_chat_id:
            raise
        log.warning("invite link not revoked", channel=channel.pk, description=error.description)  # it is gone already
    Invite.objects.filter(pk=invite.pk).update(revoked_at=now)


def purge_unused(now: datetime) -> int:
    """Deletes links that expired a week ago without having been given to anybody."""
    old = Invite.objects.filter(given_at__isnull=True, used_at__isnull=True, expires_at__lt=now - KEEP_UNUSED)
    return old.delete()[0]
