"""`manage.py telegram_poll`: receives Telegram updates by long polling."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from leads.models import Bot
from tracker.telegram import polling
from tracker.telegram.client import TelegramError
from tracker.telegram.selection import named_bots


class Command(BaseCommand):
    help = "Fetches Telegram's updates by long polling: the webhook's work on a machine without a public address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bot", action="append", default=[], help="Username of a bot; all of them if not given.")
        parser.add_argument("--once", action="store_true", help="Fetch what is there, then end.")

    def handle(self, *, bot: list[str], once: bool, **_: Any) -> None:
        bots = named_bots(bot)
        if once:
            self._poll_once(bots)
        else:
            self._poll_until_stopped(bots)

    def _poll_once(self, bots: list[Bot]) -> None:
        for bot in bots:
            try:
                count = polling.poll(bot, clock=timezone.now, wait_seconds=0)
            except (polling.CannotPoll, TelegramError) as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{bot}: {count} updates")

    def _poll_until_stopped(self, bots: list[Bot]) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        problems: list[str] = []
        threads = [threading.Thread(target=self._poll, args=(bot, stop, problems), name=str(bot)) for bot in bots]
        for thread in threads:
            self.stdout.write(f"polling for {thread.name}")
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise CommandError(" ".join(problems))

    def _poll(self, bot: Bot, stop: threading.Event, problems: list[str]) -> None:
        try:
            polling.poll_until(bot, stop, clock=timezone.now)
        except polling.CannotPoll as error:
            self.stderr.write(str(error))
            problems.append(str(error))
        finally:
            connection.close()
