"""Receives Telegram updates: each is stored before it is answered, and applied once.

A row commits first. It is applied right then, in the same request; what fails
is retried by the sweep, with growing pauses.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from adtarget.core import errors
from leads.models import Bot, Channel
from leads.tombstones import was_erased_after
from tracker import attribution, joins
from tracker.models import BotChat, BotStart, Invite, TelegramUpdate, Visit
from tracker.telegram import approvals, groups, updates
from tracker.telegram.updates import BotRightsChanged, BotStarted, GroupMigrated, Joined, JoinRequested, Left

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
WAIT_FOR_THE_JOIN = timedelta(minutes=1)
WAIT_FOR_ANOTHER_BOT = timedelta(seconds=30)
CUT = "…"  # ends a link that another administrator made, see ChatInviteLink in Telegram's Bot API
KEEP_FOR = timedelta(days=7)  # Telegram repeats an update for 24 hours and may reuse its number after a week
AT_ONCE = 200


class AnotherBotMayKnow(Exception):
    """A join by a link that another bot of the channel may have made: only that bot is shown the whole link."""


class LeftBeforeJoining(Exception):
    """A leave whose join is not known yet: updates come in any order."""


def receive(bot: Bot, update: object, *, now: datetime) -> None:
    """Keeps an update that concerns us, then works it."""
    number = updates.update_id(update)
    if number is None or updates.parse(update) is None:
        return
    kept = {"body": updates.without_personal_data(update), "received_at": now, "due_at": now + FIRST_PAUSE}
    try:
        row, _ = TelegramUpdate.objects.get_or_create(bot=bot, update_id=number, defaults=kept)
    except IntegrityError:
        if Bot.objects.filter(pk=bot.pk).exists():
            raise
        return  # the bot was deleted at this moment
    work(row.pk, now=now)


def work_due(now: datetime) -> int:
    """Works what was kept but not finished; how many rows it looked at."""
    due = TelegramUpdate.objects.filter(processed_at__isnull=True, due_at__lte=now)
    row_ids = list(due.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])
    for row_id in row_ids:
        work(row_id, now=now)
    return len(row_ids)


def work(row_id: int, *, now: datetime) -> None:
    """Does what an update says, once; what fails is due again."""
    failures = 0
    try:
        with transaction.atomic():
            row = _claim(row_id)
            if row is None:
                return
            failures = row.failures
            _apply(row, now=now)
            row.processed_at, row.error = now, ""
            row.save(update_fields=["processed_at", "error"])
    except LeftBeforeJoining:
        _postpone(row_id, "The join is not known yet.", due_at=now + WAIT_FOR_THE_JOIN)
    except AnotherBotMayKnow:
        _postpone(row_id, "Another bot may have made the link.", due_at=now + WAIT_FOR_ANOTHER_BOT)
    except Exception as error:
        log.exception("Telegram update failed, the sweep tries again", update=row_id, error=type(error).__name__)
        pause = min(FIRST_PAUSE * 2 ** min(failures, 16), LONGEST_PAUSE)
        _postpone(row_id, f"{type(error).__name__}: {error}", due_at=now + pause)


def purge(now: datetime) -> int:
    """Deletes worked updates once Telegram cannot repeat them any more."""
    deleted, _ = TelegramUpdate.objects.filter(processed_at__lt=now - KEEP_FOR).delete()
    return deleted


def _claim(row_id: int) -> TelegramUpdate | None:
    """The row, locked, unless it is done."""
    open_rows = TelegramUpdate.objects.select_for_update(of=("self",)).filter(processed_at__isnull=True)
    return open_rows.select_related("bot").filter(pk=row_id).first()


def _postpone(row_id: int, problem: str, *, due_at: datetime) -> None:
    TelegramUpdate.objects.filter(pk=row_id).update(due_at=due_at, failures=F("failures") + 1, error=problem[:500])


def _apply(row: TelegramUpdate, *, now: datetime) -> None:
    bot = row.bot
    match updates.parse(row.body):
        case Joined() as joined:
            for channel in _channels_of_link(row, joined):
                with suppress(errors.PersonErased):
                    joins.record_join(channel=channel, joined=joined, now=now)
        case Left() as left:
            known = [joins.record_leave(channel=channel, left=left) for channel in _channels(bot, left.chat_id)]
            # Waited for once; after that it is somebody who was here before the bot.
            if known and not any(known) and not row.failures:
                raise LeftBeforeJoining
        case JoinRequested() as request:
            for channel in _channels_of_link(row, request):
                with suppress(errors.PersonErased):
                    joins.record_request(channel=channel, request=request, now=now)
            transaction.on_commit(approvals.ring, robust=True)
        case BotStarted() as started:
            _remember_start(bot, started, now=now)
        case BotRightsChanged() as changed:
            Channel.objects.filter(bot=bot, telegram_channel_id=changed.chat_id).update(bot_problem=changed.problem)
            _remember_chat(bot, changed, now=now)
        case GroupMigrated() as migrated:
            groups.move(bot.account_id, migrated.old_chat_id, migrated.new_chat_id)


def _channels(bot: Bot, chat_id: int, link: str = "") -> list[Channel]:
    """The account's channels for this chat, in the order of their leads' locks.

    A chat may serve several sites; a link of ours tells which one it is about.
    """
    served = Q(bot=bot) | Q(bot=None) | Q(pk__in=bot.further_channels.values("pk"))
    found = Channel.objects.active().filter(served, site__account=bot.account_id, telegram_channel_id=chat_id)
    channels = list(found.select_related("site").order_by("site_id"))
    if link and len(channels) > 1:
        owner = Invite.objects.filter(link=link, channel__in=channels).values_list("channel_id", flat=True).first()
        return [channel for channel in channels if owner in (None, channel.pk)]
    return channels


def _channels_of_link(row: TelegramUpdate, event: Joined | JoinRequested) -> list[Channel]:
    """The channels of a join or request. Raises AnotherBotMayKnow once for a cut link where several bots make links."""
    channels = _channels(row.bot, event.chat_id, event.link)
    with_more = Channel.further_bots.through.objects.filter(channel__in=channels)
    if event.link.endswith(CUT) and not row.failures and with_more.exists():
        raise AnotherBotMayKnow
    return channels


def _remember_chat(bot: Bot, changed: BotRightsChanged, *, now: datetime) -> None:
    """So that the set-up can offer it as a channel; a chat that the bot has left is offered no more."""
    if not changed.is_inside:
        BotChat.objects.filter(bot=bot, telegram_chat_id=changed.chat_id).delete()
        return
    facts = {"title": changed.title, "username": changed.username, "problem": changed.problem, "seen_at": now}
    BotChat.objects.update_or_create(bot=bot, telegram_chat_id=changed.chat_id, defaults=facts)


def _remember_start(bot: Bot, started: BotStarted, *, now: datetime) -> None:
    """A start link leads the first person's next join back to the visit.

    Where the bot itself is the channel, the start is the join.
    """
    visit = attribution.visit_of(started.payload)
    if visit is None or visit.site.account_id != bot.account_id:
        return
    person_id = started.person.telegram_user_id
    if was_erased_after(bot.account_id, person_id, started.at):
        return
    Visit.objects.select_for_update().get(pk=visit.pk)  # of two who start at once one is the first
    others = BotStart.objects.filter(visit=visit, is_shared=False).exclude(telegram_user_id=person_id)
    BotStart.objects.update_or_create(
        visit=visit,
        telegram_user_id=person_id,
        defaults={"bot": bot, "started_at": started.at},
        create_defaults={"bot": bot, "started_at": started.at, "is_shared": others.exists()},
    )
    # A positive id is no chat's: here the bot itself is what the ad leads to, and starting it is the join.
    for channel in Channel.objects.active().filter(bot=bot, site=visit.site, telegram_channel_id__gt=0):
        joined = Joined(chat_id=channel.telegram_channel_id, person=started.person, at=started.at)
        with suppress(errors.PersonErased):
            joins.record_join(channel=channel, joined=joined, now=now)
