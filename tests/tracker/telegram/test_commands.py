"""telegram_poll and telegram_setup against a Bot API on loopback."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from conversions.models import Conversion
from tests.factories import BotFactory
from tests.tracker.telegram import recorded
from tests.tracker.telegram.fake_telegram import error
from tests.tracker.telegram.recorded import CHAT
from tracker.models import Join, TelegramUpdate
from tracker.telegram import intake, polling

pytestmark = pytest.mark.django_db
KINDS = ["message", "chat_member", "my_chat_member", "chat_join_request"]
WEBHOOK_IS_ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"


def run(command, *arguments):
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


# ------------------------------------------------------------------ telegram_poll
def test_polling_does_what_the_webhook_does(channel, telegram) -> None:
    telegram.answers["getUpdates"] = [[recorded.join(number=7), {"update_id": 8, "poll": {}}], []]
    run("telegram_poll", "--once")
    assert Join.objects.count() == Conversion.objects.count() == 1


def test_the_offset_is_kept_so_that_a_restart_goes_on(channel, bot, telegram) -> None:
    telegram.answers["getUpdates"] = [[recorded.join(number=7), {"update_id": 8, "poll": {}}], []]
    run("telegram_poll", "--once")
    run("telegram_poll", "--once")
    assert [asked["offset"] for asked in telegram.asked("getUpdates")] == [0, 9]
    assert telegram.asked("getUpdates")[0]["allowed_updates"] == KINDS


def test_an_update_that_is_not_kept_is_not_confirmed(channel, bot, telegram, monkeypatch) -> None:
    telegram.answers["getUpdates"] = [[recorded.join(number=7)]]
    with monkeypatch.context() as patch:
        patch.setattr(intake, "work", lambda *_, **__: (_ for _ in ()).throw(DatabaseError("away")))
        with pytest.raises(DatabaseError):
            polling.poll(bot, clock=timezone.now)
    bot.refresh_from_db()
    assert bot.poll_offset == 0
    polling.poll(bot, clock=timezone.now)
    assert (bot.poll_offset, TelegramUpdate.objects.count(), Conversion.objects.count()) == (8, 1, 1)


def test_an_active_webhook_is_explained(channel, bot, telegram) -> None:
    telegram.answers["getUpdates"] = [error(409, WEBHOOK_IS_ACTIVE)]
    with pytest.raises(CommandError, match="telegram_setup --delete"):
        run("telegram_poll", "--once")
    bot.refresh_from_db()
    assert "409" in bot.last_error


def test_a_second_poller_is_explained(channel, telegram) -> None:
    telegram.answers["getUpdates"] = [error(409, "Conflict: terminated by other getUpdates request")]
    with pytest.raises(CommandError, match="another telegram_poll"):
        run("telegram_poll", "--once")


def test_polling_outlives_what_passes_by_itself(channel, bot, telegram, monkeypatch) -> None:
    monkeypatch.setattr(polling, "REST_SECONDS", 0)
    stop = threading.Event()
    seen: list[str] = []

    def answer(token, method, params):
        seen.append(method)
        if len(seen) < 3:
            return error(502, "Bad Gateway")
        stop.set()
        return {"ok": True, "result": [recorded.join()]}

    monkeypatch.setattr(telegram, "answer", answer)
    polling.poll_until(bot, stop, clock=timezone.now)
    assert (len(seen), Join.objects.count()) == (3, 1)


def test_one_bot_can_be_named(bot, telegram) -> None:
    BotFactory(username="other_bot", token="43:BB")
    telegram.answers["getUpdates"] = [[]]
    run("telegram_poll", "--once", "--bot", "@acme_bot")
    assert [token for token, *_ in telegram.calls] == ["42:AA-token"]


@pytest.mark.parametrize(("arguments", "problem"), [(["--bot", "nobody"], "no bot named nobody"), ([], "no bot yet")])
def test_without_a_bot_there_is_nothing_to_poll(arguments, problem) -> None:
    with pytest.raises(CommandError, match=problem):
        run("telegram_poll", "--once", *arguments)


# ------------------------------------------------------------------ telegram_setup
@pytest.fixture
def ready(telegram):
    telegram.answers |= {
        "getMe": [{"id": 42, "is_bot": True, "username": "acme_bot"}],
        "getWebhookInfo": [{"url": "https://acme.example/x", "pending_update_count": 3, "allowed_updates": KINDS}],
        "getChatMember": [{"status": "administrator", "can_invite_users": True}],
    }
    return telegram


def test_setup_registers_the_webhook_with_its_secret_and_our_kinds(channel, bot, ready) -> None:
    run("telegram_setup", "--url", "https://adtarget.example/")
    (asked,) = ready.asked("setWebhook")
    assert asked["url"] == f"https://adtarget.example/telegram/webhook/{bot.pk}"
    assert asked["secret_token"] == bot.webhook_secret
    assert asked["allowed_updates"] == KINDS


def test_setup_shows_how_things_are(channel, ready) -> None:
    said = run("telegram_setup", "--show")
    assert "pending_update_count: 3" in said
    assert f"VIP ({CHAT}): ready" in said
    assert not ready.asked("setWebhook")


def test_setup_never_prints_a_secret(channel, bot, ready) -> None:
    said = run("telegram_setup", "--url", "https://adtarget.example")
    assert bot.webhook_secret not in said
    assert "AA-token" not in said


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ({"status": "administrator", "can_invite_users": True}, ""),
        ({"status": "administrator", "can_invite_users": False}, "may not invite"),
        ({"status": "left"}, "not an administrator"),
        (error(403, "Forbidden: bot was kicked"), "bot was kicked"),
    ],
)
def test_setup_notes_on_the_channel_what_the_bot_cannot_do(channel, ready, member, problem) -> None:
    ready.answers["getChatMember"] = [member]
    run("telegram_setup", "--show")
    channel.refresh_from_db()
    assert problem in channel.bot_problem
    assert bool(problem) == bool(channel.bot_problem)


def test_setup_removes_the_webhook(channel, ready) -> None:
    run("telegram_setup", "--delete")
    assert len(ready.asked("deleteWebhook")) == 1


def test_telegrams_refusal_is_passed_on(channel, ready) -> None:
    ready.answers["setWebhook"] = [error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")]
    with pytest.raises(CommandError, match="An HTTPS URL must be provided"):
        run("telegram_setup", "--url", "http://adtarget.example")
