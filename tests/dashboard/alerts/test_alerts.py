"""Alerts on the pages: what is open, who is told, and a test of it."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from adtarget.alerts.choices import AlertKind
from adtarget.alerts.models import AlertSettings
from adtarget.sandbox.server import Sandbox
from leads.choices import Role
from leads.models import Account, AuditEntry
from tests.dashboard.conftest import SignedIn
from tests.factories import AlertFactory, AlertSettingsFactory, BotFactory, NoticeFactory

FORM = {
    "watched": AlertKind.values,
    "failure_percent": 20,
    "failure_least": 20,
    "silence_hours": 24,
    "values_hours": 24,
    "addresses": "ops@acme.example\nboss@acme.example",
    "telegram_bot": "",
    "telegram_chat_id": "",
}


@pytest.fixture
def alerts(home: str) -> str:
    return f"{home}alerts/"


@pytest.fixture
def sandbox(settings) -> Iterator[Sandbox]:
    with Sandbox() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def test_every_page_tells_of_open_alerts(viewer: Client, home: str, account: Account, stranger: Account) -> None:
    AlertFactory(account=account, over=True)
    AlertFactory(account=stranger)
    assert "open alert" not in viewer.get(home + "overview/").text
    AlertFactory.create_batch(2, account=account)
    assert "2 open alerts" in viewer.get(home + "overview/").text


def test_telling_of_them_costs_no_statement(
    viewer: Client, home: str, account: Account, django_assert_num_queries
) -> None:
    AlertFactory.create_batch(3, account=account)
    viewer.get(home + "leads/")
    with django_assert_num_queries(5):
        viewer.get(home + "leads/")


def test_the_page_shows_what_is_open_and_what_was(
    viewer: Client, alerts: str, account: Account, stranger: Account
) -> None:
    AlertFactory(account=account, text="It is open.")
    gone = AlertFactory(account=account, text="It was open.", over=True)
    NoticeFactory(alert=gone, due_at=None, sent_at=timezone.now())
    NoticeFactory(alert=gone, due_at=None, error="The mail server refused the address (550).")
    AlertFactory(account=stranger, text="Not yours.")
    page = viewer.get(alerts).text
    assert page.index("It is open.") < page.index("It was open.")
    assert "Told by E-mail" in page
    assert "refused the address (550)" in page
    assert "Not yours." not in page


def test_the_page_takes_no_query_per_alert(
    viewer: Client, alerts: str, account: Account, django_assert_num_queries
) -> None:
    for alert in [
        *AlertFactory.create_batch(3, account=account),
        *AlertFactory.create_batch(3, account=account, over=True),
    ]:
        NoticeFactory(alert=alert)
    viewer.get(alerts)
    with django_assert_num_queries(9):
        viewer.get(alerts)


def test_who_is_told_is_kept(owner: Client, alerts: str, account: Account) -> None:
    bot = BotFactory(account=account)
    form = FORM | {"watched": ["silence"], "telegram_bot": bot.pk, "telegram_chat_id": "-1001234567890"}
    assert owner.post(f"{alerts}settings/", form).status_code == 302
    saved = AlertSettings.objects.get(account=account)
    assert saved.emails == ["ops@acme.example", "boss@acme.example"]
    assert (saved.telegram_bot, saved.telegram_chat_id) == (bot, -1001234567890)
    assert [kind for kind in AlertKind if saved.watches(kind)] == [AlertKind.SILENCE]
    assert AuditEntry.objects.get().action == "change_alerts"
    owner.post(f"{alerts}settings/", FORM)
    assert AlertSettings.objects.get().muted == []


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"addresses": "ops at acme"}, "addresses", "“ops” is no e-mail address"),
        ({"addresses": "\n".join(f"a{n}@acme.example" for n in range(11))}, "addresses", "Give 10 at most"),
        ({"addresses": "ops@acme.example\r\nBcc: eve@evil.example"}, "addresses", "“Bcc:” is no e-mail address"),
        ({"failure_percent": 0}, "failure_percent", "greater than or equal to 1"),
        ({"failure_percent": 101}, "failure_percent", "less than or equal to 100"),
        ({"silence_hours": 100_000}, "silence_hours", "less than or equal to 720"),
        ({"telegram_chat_id": "-100"}, "telegram_bot", "Choose the bot"),
        ({"telegram_chat_id": "9" * 30}, "telegram_chat_id", "less than or equal|no chat id"),
        ({"telegram_chat_id": "@acme"}, "telegram_chat_id", "Enter a whole number"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    owner: Client, alerts: str, change: dict[str, str], field: str, told: str
) -> None:
    page = owner.post(f"{alerts}settings/", FORM | change).text
    assert re.search(rf'class="problem" id="id_{field}_error">[^<]*({told})', page)
    assert not AlertSettings.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 200), ("staff", 403), ("viewer", 403)])
def test_settings_are_the_managers(signed_in: SignedIn, alerts: str, role: str, status: int) -> None:
    browser = signed_in(Role(role))
    assert browser.get(alerts).status_code == 200
    assert browser.get(f"{alerts}settings/").status_code == status
    assert browser.post(f"{alerts}test/").status_code == status
    browser.post(f"{alerts}settings/", FORM)
    assert AlertSettings.objects.exists() == (status == 200)


def test_anothers_bot_is_not_found(owner: Client, alerts: str, stranger: Account) -> None:
    form = FORM | {"telegram_bot": BotFactory(account=stranger).pk, "telegram_chat_id": "-100"}
    assert owner.post(f"{alerts}settings/", form).status_code == 404
    assert not AlertSettings.objects.exists()


def test_a_test_alert_shows_what_came_of_it(
    owner: Client, alerts: str, account: Account, sandbox: Sandbox, settings
) -> None:
    settings.EMAIL_IS_CONFIGURED = True
    AlertSettingsFactory(account=account, by_telegram=True)
    page = owner.post(f"{alerts}test/").text
    assert page.count("the test alert was taken") == 2
    assert mail.outbox[0].subject == "Acme: test alert"
    assert len(sandbox.telegram.state.bots["1:AA-bot-token"].said) == 1
    sandbox.telegram.state.bot("1:AA-bot-token").standing[-1009876543210] = "kicked"
    assert "bot was kicked" in owner.post(f"{alerts}test/").text


def test_without_mail_the_page_says_so(owner: Client, alerts: str, account: Account) -> None:
    assert "E-mail is not configured here" in owner.get(f"{alerts}settings/").text
    AlertSettingsFactory(account=account)
    assert "EMAIL_URL is not set" in owner.post(f"{alerts}test/").text


def test_test_alerts_are_few(owner: Client, alerts: str, account: Account, settings) -> None:
    settings.EMAIL_IS_CONFIGURED = True
    AlertSettingsFactory(account=account)
    for _ in range(6):
        answer = owner.post(f"{alerts}test/", follow=True)
    assert "Too many test alerts" in answer.text
    assert len(mail.outbox) == 5
