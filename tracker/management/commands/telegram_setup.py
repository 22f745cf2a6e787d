"""`manage.py telegram_setup`: registers the webhooks of bots and checks their rights."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.models import Bot
from tracker.telegram import client
from tracker.telegram.client import TelegramError
from tracker.telegram.connecting import look_at_rights, register
from tracker.telegram.selection import named_bots


class Command(BaseCommand):
    help = "Registers the webhook of each bot with Telegram and shows whether the bots may do their work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--url", help="Public address of this installation, such as https://adtarget.example.")
        what.add_argument("--delete", action="store_true", help="Remove the webhook, so that telegram_poll may run.")
        what.add_argument("--show", action="store_true", help="Change nothing, show how things are.")
        parser.add_argument("--bot", action="append", default=[], help="Username of a bot; all of them if not given.")

    def handle(self, *, bot: list[str], url: str | None, delete: bool, **_: Any) -> None:
        for each in named_bots(bot):
            try:
                if url:
                    register(each, url)
                if delete:
                    client.call(each.token(), "deleteWebhook", params={})
                self._show_webhook(each)
                self._show_rights(each)
            except TelegramError as error:
                raise CommandError(f"{each}: {error.code} {error.description}") from error

    def _show_webhook(self, bot: Bot) -> None:
        self.stdout.write(f"{bot}")
        for name, value in client.call(bot.token(), "getWebhookInfo", params={}).items():
            self.stdout.write(f"  {name}: {', '.join(value) if isinstance(value, list) else value}")

    def _show_rights(self, bot: Bot) -> None:
        for channel in look_at_rights(bot):
            self.stdout.write(f"  {channel} ({channel.telegram_channel_id}): {channel.bot_problem or 'ready'}")
