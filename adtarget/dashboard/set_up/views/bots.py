"""The set-up's bot: token, webhook, rights. These pages call Telegram at once and show its answer."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from adtarget.core.encryption import CannotDecrypt
from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, OWNERS, Access, page
from adtarget.dashboard.asking import may_ask
from adtarget.dashboard.set_up import guide
from adtarget.dashboard.set_up.forms import BotTokenForm
from leads.models import Bot
from tracker.telegram import connecting
from tracker.telegram.client import TelegramError


@page(MANAGERS)
def bot(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    return _show(request, access, site_id, form=BotTokenForm())


@require_POST
@page(OWNERS, recent=True)
def add_bot(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """Adds a bot, or a new token of a known one; the name comes from Telegram."""
    form = BotTokenForm(request.POST)
    if not form.is_valid() or not may_ask(request, access):
        return _show(request, access, site_id, form=form)
    token = form.cleaned_data["token"]
    try:
        username = connecting.username_of(token)
    except TelegramError as error:
        form.add_error("token", f"Telegram refuses: {error.description}.")
        return _show(request, access, site_id, form=form)
    with transaction.atomic():
        added, is_new = _keep(access, username, token)
        audit.note(request, access, "create_bot" if is_new else "change_bot", str(added))
    _connect(request, added, is_wanted=False)
    return _show(request, access, site_id, form=BotTokenForm(), bot=added)


@require_POST
@page(MANAGERS)
def check_bot(request: HttpRequest, access: Access, site_id: str, bot_id: str) -> HttpResponse:
    checked = get_object_or_404(Bot, pk=bot_id, account=access.account)
    if not may_ask(request, access):
        return redirect("dashboard:set-up-bot", access.account.pk, site_id)
    return _show(request, access, site_id, form=BotTokenForm(), bot=checked)


@require_POST
@page(MANAGERS)
def connect_bot(request: HttpRequest, access: Access, site_id: str, bot_id: str) -> HttpResponse:
    """Has Telegram send its updates here, wherever they went before."""
    connected = get_object_or_404(Bot, pk=bot_id, account=access.account)
    if not may_ask(request, access):
        return redirect("dashboard:set-up-bot", access.account.pk, site_id)
    _connect(request, connected, is_wanted=True)
    audit.note(request, access, "connect_bot", str(connected))
    return _show(request, access, site_id, form=BotTokenForm(), bot=connected)


def _keep(access: Access, username: str, token: str) -> tuple[Bot, bool]:
    known = Bot.objects.select_for_update().filter(account=access.account, username=username).first()
    kept = known or Bot(account=access.account, username=username)
    kept.make_webhook_secret()
    kept.set_token(token)
    kept.last_error = ""
    kept.save()
    return kept, known is None


def _connect(request: HttpRequest, connected: Bot, *, is_wanted: bool) -> None:
    """Registers the webhook; reports only an error, since the check that follows shows success."""
    register = connecting.register if is_wanted else connecting.register_if_free
    try:
        register(connected, guide.here(request))
    except CannotDecrypt:
        return  # the check tells
    except TelegramError as error:
        messages.error(request, f"Telegram refuses to send updates to this address: {error.description}.")


def _show(
    request: HttpRequest, access: Access, site_id: str, *, bot: Bot | None = None, **context: Any
) -> HttpResponse:
    """The step's page; with a bot, also what a look at it found just now."""
    findings = connecting.check(bot, guide.here(request)) if bot else []
    bots = Bot.objects.filter(account=access.account).order_by("username")
    set_up = guide.of_site(access, site_id)
    return guide.show_step(request, access, set_up, "bot", bots=bots, checked=bot, findings=findings, **context)
