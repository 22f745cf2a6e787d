"""Notices on their way: through a mail server and a Telegram of our own, over real sockets."""

import socket
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from adtarget.alerts import telling
from adtarget.alerts.choices import AlertKind, Occasion, Route
from adtarget.alerts.models import AlertSettings, Notice
from adtarget.sandbox.server import Sandbox
from adtarget.sandbox.telegram.state import State
from leads.models import Account
from tests.factories import AlertFactory, AlertSettingsFactory, NoticeFactory

pytestmark = pytest.mark.django_db

CHAT = -1009876543210


class MailServer:
    """As much SMTP as it takes to be given a message, or to refuse one."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.answers = {"RCPT": "250 ok", "DATA": "354 go on"}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self._socket.accept()
            except OSError:
                return
            with connected, connected.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines) -> None:
        def say(text: str) -> None:
            lines.write(f"{text}\r\n".encode())
            lines.flush()

        say("220 here")
        for line in lines:
            verb = line.decode().split()[0].split(":")[0].upper()
            if verb == "QUIT":
                return say("221 bye")
            say(self.answers.get(verb, "250 ok"))
            if verb == "DATA" and self.answers["DATA"].startswith("354"):
                self.messages.append(b"".join(iter(lines.readline, b".\r\n")).decode())
                say("250 kept")
        return None


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    running = MailServer()
    settings.EMAIL_IS_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
    yield running
    running.close()


@pytest.fixture
def telegram(settings) -> Iterator[State]:
    with Sandbox() as sandbox:
        settings.TELEGRAM_API_URL = sandbox.url
        yield sandbox.telegram.state


def tell(at: datetime | None = None) -> int:
    return telling.tell_due(clock=lambda: at or timezone.now())


def notice_of(account: Account, route: Route = Route.EMAIL, **more: object) -> Notice:
    return NoticeFactory(alert=AlertFactory(account=account), route=route, **more)


def test_an_alert_goes_out_by_mail_once(account: Account, mail_server: MailServer) -> None:
    AlertSettingsFactory(account=account, emails=["ops@acme.example", "boss@acme.example"])
    notice = notice_of(account)
    assert (tell(), tell()) == (1, 0)
    notice.refresh_from_db()
    assert notice.sent_at
    assert notice.due_at is None
    (message,) = mail_server.messages
    assert "Subject: Acme: a pixel is paused" in message
    assert "To: ops@acme.example, boss@acme.example" in message
    assert "then resume it in Set-up" in message


def test_an_alert_goes_out_by_telegram(account: Account, telegram: State) -> None:
    AlertSettingsFactory(account=account, by_telegram=True)
    notice = notice_of(account, Route.TELEGRAM)
    tell()
    notice.refresh_from_db()
    assert notice.sent_at
    (message,) = telegram.bots["1:AA-bot-token"].said
    assert message["chat"]["id"] == CHAT
    assert message["text"].startswith("Acme: a pixel is paused\n\nMeta 1234567890")


@pytest.mark.parametrize(
    ("occasion", "words"),
    [
        (Occasion.OPENED, ["is paused (190)", "Correct its access"]),
        (Occasion.REMINDER, ["It is so since", "Correct its access"]),
        (Occasion.RESOLVED, ["This is over"]),
    ],
)
def test_each_occasion_has_its_words(account: Account, occasion: Occasion, words: list[str]) -> None:
    alert = AlertFactory(account=account)
    _, text = telling.wording(alert, occasion)
    assert [word for word in words if word not in text] == []


def test_every_kind_says_what_to_do(account: Account) -> None:
    for kind in AlertKind:
        assert telling.wording(AlertFactory(account=account, kind=kind), Occasion.OPENED)[1].count("\n") == 1


# ------------------------------------------------------------------ what goes wrong
def test_a_mail_server_that_is_away_is_asked_again_later(account: Account, mail_server: MailServer) -> None:
    AlertSettingsFactory(account=account)
    notice = notice_of(account)
    mail_server.answers["DATA"] = "451 not now"
    now = timezone.now()
    assert (tell(now), tell(now)) == (1, 0)
    notice.refresh_from_db()
    assert notice.due_at == now + timedelta(minutes=1)
    assert notice.error == "The mail server refused the message (451)."
    mail_server.answers["DATA"] = "354 go on"
    tell(now + timedelta(minutes=1))
    notice.refresh_from_db()
    assert (notice.attempts, notice.error, len(mail_server.messages)) == (2, "", 1)


def test_tries_end_after_some_hours(account: Account, mail_server: MailServer) -> None:
    AlertSettingsFactory(account=account)
    notice = notice_of(account)
    mail_server.answers["DATA"] = "451 not now"
    for hour in range(12):
        tell(timezone.now() + timedelta(hours=hour * 5))
    notice.refresh_from_db()
    assert notice.has_failed
    assert notice.attempts == 6


def test_a_refused_address_is_not_tried_again(account: Account, mail_server: MailServer) -> None:
    AlertSettingsFactory(account=account)
    notice = notice_of(account)
    mail_server.answers["RCPT"] = "550 nobody here"
    tell()
    notice.refresh_from_db()
    assert notice.has_failed
    assert notice.error == "The mail server refused the address (550)."


def test_without_mail_a_notice_says_so(account: Account) -> None:
    AlertSettingsFactory(account=account)
    notice = notice_of(account)
    tell()
    notice.refresh_from_db()
    assert notice.has_failed
    assert "EMAIL_URL" in notice.error
    assert mail.outbox == []


def test_a_chat_that_put_the_bot_out_is_not_tried_again(account: Account, telegram: State) -> None:
    AlertSettingsFactory(account=account, by_telegram=True)
    telegram.bot("1:AA-bot-token").standing[CHAT] = "kicked"
    notice = notice_of(account, Route.TELEGRAM)
    tell()
    notice.refresh_from_db()
    assert notice.has_failed
    assert notice.error == "Telegram: Forbidden: bot was kicked from the channel chat"


def test_a_group_that_moved_is_followed(account: Account, telegram: State) -> None:
    settings = AlertSettingsFactory(account=account, by_telegram=True)
    telegram.chat(CHAT).migrated_to = -1001111111111
    notice = notice_of(account, Route.TELEGRAM)
    now = timezone.now()
    tell(now)
    settings.refresh_from_db()
    assert settings.telegram_chat_id == -1001111111111
    tell(now + timedelta(minutes=2))
    notice.refresh_from_db()
    assert notice.sent_at


def test_who_chose_not_to_be_told_is_not(account: Account, mail_server: MailServer) -> None:
    settings = AlertSettingsFactory(account=account)
    notice = notice_of(account)
    AlertSettings.objects.filter(pk=settings.pk).update(emails=[])
    tell()
    notice.refresh_from_db()
    assert notice.has_failed
    assert mail_server.messages == []


def test_a_lost_workers_notice_is_told_after_its_lease(account: Account, mail_server: MailServer, monkeypatch) -> None:
    AlertSettingsFactory(account=account)
    notice_of(account)
    now = timezone.now()
    with monkeypatch.context() as broken:
        broken.setattr(telling, "tell", lambda *_, **__: sys.exit())
        with pytest.raises(SystemExit):
            tell(now)
    assert tell(now + timedelta(minutes=4)) == 0
    assert tell(now + timedelta(minutes=5)) == 1
    assert len(mail_server.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_it_once_and_hold_nothing_meanwhile(
    account: Account, mail_server: MailServer, monkeypatch
) -> None:
    AlertSettingsFactory(account=account)
    notice_of(account)
    inside: list[bool] = []
    told = telling.tell

    def tell_beside_another(*args: object, **kwargs: object) -> None:
        inside.append(connection.in_atomic_block)
        assert tell() == 0
        told(*args, **kwargs)

    monkeypatch.setattr(telling, "tell", tell_beside_another)
    assert tell() == 1
    assert inside == [False]
    assert len(mail_server.messages) == 1
