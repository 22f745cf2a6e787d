"""Fetches updates by polling, for installations without a public address."""

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from leads.models import Bot
from tracker.telegram import client, intake, updates
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

WAIT_SECONDS = 5  # of long polling; a call of ours ends within 10 s
REST_SECONDS = 5.0


class CannotPoll(Exception):
    """Telegram refuses this bot's updates until a setting is fixed."""


def poll(bot: Bot, *, clock: Callable[[], datetime], wait_seconds: int = WAIT_SECONDS) -> int:
    """Fetches what is new, keeps and works it; how many updates came.

    The offset moves on only past what is kept. Raises CannotPoll, and
    TelegramError for what passes by itself.
    """
    params = {"offset": bot.poll_offset, "timeout": wait_seconds, "allowed_updates": list(updates.ALLOWED_UPDATES)}
    try:
        fetched = client.call(bot.token(), "getUpdates", params=params)
    except TelegramError as error:
        _note(bot, f"{error.code} {error.description}")
        if error.code in (401, 404, 409):
            raise CannotPoll(_advice(bot, error)) from error
        raise
    _note(bot, "")
    given = fetched if isinstance(fetched, list) else []
    for update in given:
        intake.receive(bot, update, now=clock())
    numbers = [number for update in given if (number := updates.update_id(update)) is not None]
    if numbers:
        bot.poll_offset = max(numbers) + 1
        bot.save(update_fields=["poll_offset"])
    return len(given)


def poll_until(bot: Bot, stop: threading.Event, *, clock: Callable[[], datetime]) -> None:
    """Polls until `stop` is set. Raises CannotPoll; outlives everything else."""
    while not stop.is_set():
        try:
            poll(bot, clock=clock)
        except CannotPoll:
            raise
        except TelegramError as error:
            log.warning("Telegram gave no updates", bot=bot.pk, code=error.code, description=error.description)
            stop.wait(error.retry_after or REST_SECONDS)
        except Exception as error:  # the database may be away: nothing is confirmed, all of it comes again
            log.exception("updates not kept, asking again", bot=bot.pk, error=type(error).__name__)
            stop.wait(REST_SECONDS)


def _note(bot: Bot, problem: str) -> None:
    if bot.last_error != problem[:500]:
        bot.last_error = problem[:500]
        bot.save(update_fields=["last_error"])


def _advice(bot: Bot, error: TelegramError) -> str:
    if error.code != 409:
        return f"Telegram does not know the token of {bot}; enter the one that BotFather shows."
    if "webhook" in error.description.lower():
        return f"{bot} has a webhook, and Telegram allows one of the two. Run: manage.py telegram_setup --delete"
    return f"Somebody else polls for {bot}: another telegram_poll, or another installation with the same token."
