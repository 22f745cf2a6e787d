"""The bots of a document."""

from adtarget.core.json_document import Node, text
from adtarget.provisioning.rows import Tally, apply, note_unknown
from leads.models import Account, Bot


def provision_bot(node: Node, *, account: Account, tally: Tally) -> dict[str, str]:
    note_unknown(node, "username", "token")
    username = read_username(node.child("username").required())
    bot = Bot.objects.filter(account=account, username=username).first()
    token = node.child("token") if bot else node.child("token").required()
    bot = bot or Bot(account=account, username=username)
    bot.make_webhook_secret()
    is_new_token = token.value is not None and text(256)(token) != bot.token()
    if is_new_token:
        bot.set_token(text(256)(token))
        bot.last_error = ""
    return _facts(apply(bot, {}, tally, is_touched=is_new_token))


def _facts(bot: Bot) -> dict[str, str]:
    return {
        "botId": bot.pk,
        "username": bot.username,
        "webhookPath": bot.webhook_path,
        "webhookSecret": bot.webhook_secret,
    }


def read_username(node: Node) -> str:
    name = text(65)(node)
    return name.removeprefix("@")
