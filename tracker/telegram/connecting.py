"""Connects a bot and checks its rights. Every function here calls Telegram and waits."""

from collections.abc import Iterator
from dataclasses import dataclass

from adtarget.core.encryption import CannotDecrypt
from leads.models import Bot, Channel
from tracker.telegram import client, updates
from tracker.telegram.client import TelegramError

MAX_CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `what_to_do` where it is not well."""

    text: str
    what_to_do: str = ""

    @property
    def is_good(self) -> bool:
        return not self.what_to_do


def username_of(token: str) -> str:
    """The name of the bot behind a token. Raises TelegramError."""
    return _me(token)[1]


def _me(token: str) -> tuple[int, str]:
    """Id and name of the bot behind a token. Raises TelegramError."""
    match client.call(token, "getMe", params={}):
        case {"id": int(bot_id), "username": str(username)}:
            return bot_id, username
    raise TelegramError(0, "Telegram's answer could not be read.")


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


def register_if_free(bot: Bot, url: str) -> None:
    """The same, unless the bot's updates go elsewhere: then a person decides. Raises TelegramError."""
    if not client.call(bot.token(), "getWebhookInfo", params={}).get("url"):
        register(bot, url)


def rights_problem(bot: Bot, bot_user_id: int, channel: Channel) -> str:
    """What the bot cannot do in the channel now; '' where it can work."""
    params = {"chat_id": channel.telegram_channel_id, "user_id": bot_user_id}
    try:
        return updates.rights_problem(client.call(bot.token(), "getChatMember", params=params))
    except TelegramError as error:
        return f"Telegram: {error.description}"


def standing_in(bot: Bot, channel: Channel) -> str:
    """The same for a channel that is not kept yet."""
    try:
        return rights_problem(bot, _me(bot.token())[0], channel)
    except TelegramError as error:
        return f"Telegram: {error.description}"


def chat_of(bot: Bot, chat: int | str) -> tuple[int, str, str]:
    """Id, title and public name of a chat by its id or @name. Raises TelegramError where the bot does not see it."""
    match client.call(bot.token(), "getChat", params={"chat_id": chat}):
        case {"id": int(chat_id)} as told:
            return chat_id, *updates.chat_names(told)
    raise TelegramError(0, "Telegram's answer could not be read.")


def check(bot: Bot, url: str) -> list[Finding]:
    """Token, webhook, kinds of updates, and the rights in each channel, which are noted there."""
    try:
        return [
            Finding(f"Telegram knows it as @{username_of(bot.token())}."),
            *_webhook(client.call(bot.token(), "getWebhookInfo", params={}), url.rstrip("/") + bot.webhook_path),
            *_rights(bot),
        ]
    except CannotDecrypt:
        return [Finding("No encryption key opens the stored token.", "Enter the token again.")]
    except TelegramError as error:
        advice = "Copy the token from @BotFather again." if error.code in (401, 404) else "Try again in a minute."
        return [Finding(f"Telegram refuses: {error.description}.", advice)]


def _webhook(told: dict[str, object], ours: str) -> Iterator[Finding]:
    address = str(told.get("url") or "")
    if not address:
        advice = "Connect its webhook, or run manage.py telegram_poll where this server has no public address."
        yield Finding("Nobody is told when somebody joins.", advice)
        return
    if address != ours:
        yield Finding(f"Its updates go to {address}.", "Connect its webhook, which takes them from there.")
        return
    yield Finding(f"Its updates come to {address}.")
    yield from _deliveries(told)


def _deliveries(told: dict[str, object]) -> Iterator[Finding]:
    """What Telegram could not deliver, and what it does not deliver at all."""
    if trouble := told.get("last_error_message"):
        waiting = told.get("pending_update_count")
        yield Finding(
            f"Telegram could not deliver lately: {trouble}, {waiting} waiting.",
            "Open that address from outside: it must answer over https with a certificate that browsers take.",
        )
    allowed = told.get("allowed_updates")
    if missing := set(updates.ALLOWED_UPDATES).difference(allowed if isinstance(allowed, list) else ()):
        yield Finding(f"It is not told of {', '.join(sorted(missing))}.", "Connect its webhook again.")


def look_at_rights(bot: Bot) -> Iterator[Channel]:
    """The bot's channels, each with what it cannot do there noted on it. Raises TelegramError."""
    bot_user_id, _ = _me(bot.token())
    for channel in Channel.objects.active().filter(bot=bot, telegram_channel_id__lt=0):
        channel.bot_problem = rights_problem(bot, bot_user_id, channel)[:200]
        channel.save(update_fields=["bot_problem"])
        yield channel


def _rights(bot: Bot) -> Iterator[Finding]:
    for channel in look_at_rights(bot):
        if channel.bot_problem:
            advice = f"Make it an administrator of {channel} who may invite users."
            yield Finding(f"{channel}: {channel.bot_problem}", advice)
        else:
            yield Finding(f"It may do its work in {channel}.")
