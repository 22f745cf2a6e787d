"""The set-up's channels: chats in which the bot is administrator, or one by its name."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from adtarget.core.encryption import CannotDecrypt
from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, Access, page
from adtarget.dashboard.asking import may_ask
from adtarget.dashboard.set_up import guide
from adtarget.dashboard.set_up.forms import JOIN_EVENTS, ChannelByHandForm
from adtarget.dashboard.set_up.queries import chats_to_add
from leads import join_events
from leads.models import Bot, Channel, Site
from tracker.models import BotChat
from tracker.telegram import connecting
from tracker.telegram.client import TelegramError


@page(MANAGERS)
def channels(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    return _show(request, access, site_id, form=ChannelByHandForm(access.account))


@page(MANAGERS)
def found_chats(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """The live part of the page: where the bot was made administrator meanwhile."""
    set_up = guide.of_site(access, site_id)
    return render(request, "dashboard/set_up/_found.html", {"site": set_up.site, "found": chats_to_add(set_up.site)})


@require_POST
@page(MANAGERS)
def add_found_chat(request: HttpRequest, access: Access, site_id: str, chat_id: int) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    chat = get_object_or_404(BotChat.objects.select_related("bot"), pk=chat_id, bot__account=access.account)
    channel = Channel(
        site=set_up.site,
        bot=chat.bot,
        telegram_channel_id=chat.telegram_chat_id,
        title=str(chat),
        username=chat.username,
        bot_problem=chat.problem,
        event_type=_event_type(request),
    )
    if not _add(request, access, channel):
        messages.info(request, f"{chat} is a channel of this site already.")
    return redirect("dashboard:set-up-channels", access.account.pk, site_id)


@require_POST
@page(MANAGERS)
def add_channel(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """Asks Telegram for the chat and for the bot's rights in it."""
    set_up, form = guide.of_site(access, site_id), ChannelByHandForm(access.account, request.POST)
    if not form.is_valid() or not may_ask(request, access):
        return _show(request, access, site_id, form=form)
    bot: Bot = form.cleaned_data["bot"]
    try:
        chat_id, title, username = connecting.chat_of(bot, form.cleaned_data["chat"])
    except CannotDecrypt:
        form.add_error("bot", "No encryption key opens its token. Enter it again in the step before.")
        return _show(request, access, site_id, form=form)
    except TelegramError as error:
        form.add_error("chat", f"Telegram: {error.description}. Is {bot} an administrator there?")
        return _show(request, access, site_id, form=form)
    channel = Channel(
        site=set_up.site,
        bot=bot,
        telegram_channel_id=chat_id,
        title=title or str(chat_id),
        username=username,
        event_type=form.cleaned_data["event_type"],
    )
    channel.bot_problem = connecting.standing_in(bot, channel)[:200]
    if not _add(request, access, channel):
        form.add_error("chat", f"{channel} is a channel of this site already.")
        return _show(request, access, site_id, form=form)
    return redirect("dashboard:set-up-channels", access.account.pk, site_id)


@require_POST
@page(MANAGERS)
def make_default(request: HttpRequest, access: Access, site_id: str, channel_id: str) -> HttpResponse:
    channel = get_object_or_404(Channel, pk=channel_id, site=site_id, site__account=access.account)
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=channel.site_id)  # two defaults never meet
        join_events.make_room_for_default(channel)
        Channel.objects.filter(pk=channel.pk).update(is_default=True)
        audit.note(request, access, "default_channel", channel.title)
    messages.success(request, f"Links of the site lead to {channel} now.")
    return redirect("dashboard:set-up-channels", access.account.pk, site_id)


def _add(request: HttpRequest, access: Access, channel: Channel) -> bool:
    """Whether it was new. The first of a site is its default."""
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=channel.site_id)
        others = Channel.objects.filter(site=channel.site_id)
        if others.filter(telegram_channel_id=channel.telegram_channel_id).exists():
            return False
        channel.is_default = not others.filter(is_default=True).exists()
        channel.save()
        audit.note(request, access, "create_channel", channel.title)
    messages.success(request, f"{channel} was added.")
    return True


def _event_type(request: HttpRequest) -> str:
    wanted = request.POST.get("event_type", "")
    return wanted if wanted in dict(JOIN_EVENTS) else JOIN_EVENTS[0][0]


def _show(request: HttpRequest, access: Access, site_id: str, **context: Any) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    context |= {"found": chats_to_add(set_up.site), "has_bots": set_up.has_bot, "join_events": JOIN_EVENTS}
    return guide.show_step(request, access, set_up, "channels", **context)
