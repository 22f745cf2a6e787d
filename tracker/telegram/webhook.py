"""`POST /telegram/webhook/{botId}`: the secret, then the body, then 200."""

import hmac
import json

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from adtarget.api import exception_handler, parsing
from adtarget.core import encryption, errors
from leads import failed_keys
from leads.models import Bot
from tracker.telegram import intake

log = structlog.get_logger(__name__)

MOST_BYTES = 1024 * 1024


@csrf_exempt
def webhook(request: HttpRequest, bot_id: str) -> HttpResponse:
    """Keeps the update and answers 200. Any other answer makes Telegram send it again.

    Bytes that are no JSON would come again for a day: they get 200, and a
    line in the log.
    """
    try:
        if request.method != "POST":
            raise errors.MethodNotAllowed(allow="POST")
        failed_keys.refuse_guesser(request)
        bot = _authentic_bot(request, bot_id)
        body = parsing.read_body(request, most=MOST_BYTES)
    except errors.ApiError as error:
        return exception_handler.answer(error)
    try:
        update = json.loads(body)
    except (ValueError, RecursionError) as error:
        log.warning("Telegram sent what is no JSON", bot=bot.pk, bytes=len(body), error=type(error).__name__)
    else:
        intake.receive(bot, update, now=timezone.now())
    return HttpResponse(status=200)


def _authentic_bot(request: HttpRequest, bot_id: str) -> Bot:
    """The bot whose secret the request carries; an unknown bot is refused as a wrong secret is."""
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "").encode()
    bot = Bot.objects.filter(pk=bot_id.replace("\0", "")).first()  # which PostgreSQL takes in no text
    secret = _secret_of(bot) if bot else b""
    if not hmac.compare_digest(given, secret) or not secret or bot is None:
        failed_keys.note_failure(request)
        raise errors.InvalidKey("X-Telegram-Bot-Api-Secret-Token is not this webhook's secret.")
    return bot


def _secret_of(bot: Bot) -> bytes:
    """Empty, which nothing matches, where no key opens it."""
    try:
        return bot.webhook_secret.encode()
    except encryption.CannotDecrypt:
        log.warning("no key of FIELD_ENCRYPTION_KEY opens a bot's webhook secret", bot=bot.pk)
        return b""
