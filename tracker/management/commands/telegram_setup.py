from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.models import Bot, Channel
from tracker.telegram import client, updates
from tracker.telegram.client import TelegramError
from tracker.telegram.selection import named_bots

MAX_CONNECTIONS = 40


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
        bot_user_id = client.call(bot.token(), "getMe", params={})["id"]
        for channel in Channel.objects.active().filter(bot=bot, telegram_channel_id__lt=0):
            channel.bot_problem = rights_problem(bot, bot_user_id, channel)[:200]
            channel.save(update_fields=["bot_problem"])
            self.stdout.write(f"  {channel} ({channel.telegram_channel_id}): {channel.bot_problem or 'ready'}")


def register(bot: Bot, url: str) -> None:
    """Has Telegram send the bot's updates here, with its secret, and exactly the kinds we read."""
    client.call(
        bot.token(),
        "setWebhook",
        params={
            "url": url.rstrip("/") + bot.webhook_path,
            "secret_token": bot.webhook_secret,
            "allowed_updates": list(updates.ALLOWED_UPDATES),
            "max_connections": MAX_CONNECTIONS,
        },
    )


def rights_problem(bot: Bot, bot_user_id: int, channel: Channel) -> str:
    """What the bot cannot do in the channel now; '' where it can work."""
    params = {"chat_id": channel.telegram_channel_id, "user_id": bot_user_id}
    try:
        return updates.rights_problem(client.call(bot.token(), "getChatMember", params=params))
    except TelegramError as error:
        return f"Telegram: {error.description}"
