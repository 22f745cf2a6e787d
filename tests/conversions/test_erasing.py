"""A person who asked to be forgotten is nowhere afterwards, and stays forgotten."""

import hashlib
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from adtarget.core import errors
from conversions.erasing import erase_person
from conversions.models import Conversion
from dispatch import replaying
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.webhooks import outbox
from dispatch.webhooks.endpoints import register
from dispatch.webhooks.models import WebhookMessage
from leads import api_keys
from leads.choices import KeyMode
from leads.models import Account, AuditEntry, Bot, Channel, ErasedPerson, Lead, Site
from tests.factories import (
    AttemptFactory,
    BotFactory,
    ChannelFactory,
    ConversionFactory,
    InviteFactory,
    LeadFactory,
    PixelFactory,
    SendFactory,
    VisitFactory,
)
from tests.tracker.telegram import recorded
from tests.tracker.telegram.recorded import CHAT
from tracker.models import BotStart, Join, Visit
from tracker.telegram import intake

pytestmark = pytest.mark.django_db

PERSON = 7_770_001_234
EMAIL = "ada@shop.example"
EMAIL_HASH = hashlib.sha256(EMAIL.encode()).hexdigest()
MARKS = [str(PERSON), "ada_lovelace", EMAIL_HASH, "198.51.100.77", "crm-4711", "AbCClick"]
EVENT: dict[str, Any] = {
    "telegramUserId": PERSON,
    "eventType": "Purchase",
    "value": 20,
    "currency": "EUR",
    "externalUserId": "crm-4711",
    "orderId": "order-crm-4711",
    "pii": {"email": EMAIL},
    "clientIp": "198.51.100.77",
    "userAgent": "Mozilla/5.0",
}


@pytest.fixture
def bot(site: Site) -> Bot:
    return BotFactory(account=site.account)


@pytest.fixture
def channel(site: Site, bot: Bot) -> Channel:
    return ChannelFactory(site=site, bot=bot, telegram_channel_id=CHAT, default=True)


def update_of_join(**more: Any) -> dict[str, Any]:
    person = {"id": PERSON, "is_bot": False, "username": "ada_lovelace"}
    change = recorded.join(new_chat_member={"status": "member", "user": person}, **more)
    change["chat_member"]["old_chat_member"]["user"] = person
    change["chat_member"]["from"] = person
    return change


@pytest.fixture
def known(api, bot: Bot, channel: Channel, meta_pixel: Pixel) -> Lead:
    """Somebody clicked, joined, bought; their own systems were told of it."""
    register(account=channel.site.account, url="https://hooks.acme.example/")
    visit = VisitFactory(
        site=channel.site, fbc="fb.1.1.AbCClick", client_ip="198.51.100.77", url="https://acme.example/?fbclid=AbCClick"
    )
    VisitFactory(site=channel.site, temp_id=visit.temp_id, client_ip="198.51.100.77")
    invite = InviteFactory(channel=channel, given=True, visit=visit)
    BotStart.objects.create(bot=bot, visit=visit, telegram_user_id=PERSON, started_at=timezone.now())
    intake.receive(bot, update_of_join(link=invite.link), now=timezone.now())
    assert api.post("/api/v1/events/conversion", EVENT).status_code == 200
    send = Send.objects.latest("created_at")
    AttemptFactory(send=send, request={"em": [EMAIL_HASH]}, response="198.51.100.77")
    outbox.tell_of_wait(send.conversion, now=timezone.now())
    return Lead.objects.get()


def everything() -> str:
    """Every row of every table, as text."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return "\n".join(repr(row) for model in models for row in model._default_manager.values_list())


@pytest.mark.promise("S10")
def test_nothing_of_the_person_is_left_anywhere(known: Lead, account: Account) -> None:
    before, browser = everything(), str(Visit.objects.first().temp_id)
    assert all(mark in before for mark in [*MARKS, browser])
    erased = erase_person(account, PERSON, actor="ada", now=timezone.now())
    after = everything()
    assert [mark for mark in [*MARKS, browser, browser.replace("-", "")] if mark in after] == []
    assert (erased.leads, erased.conversions, erased.visits, erased.sends_cancelled) == (1, 2, 2, 2)


def test_figures_stay_and_open_sends_end(known: Lead, account: Account) -> None:
    erase_person(account, PERSON, actor="ada", now=timezone.now())
    purchase = Conversion.objects.get(event_type="Purchase")
    assert (purchase.value, purchase.currency, purchase.lead_id) == (20, "EUR", known.pk)
    assert purchase.telegram_user_id == purchase.lead.telegram_user_id
    assert set(Send.objects.values_list("status", "reason")) == {(SendStatus.SKIPPED, "erased")}
    assert Join.objects.count() == 1
    assert AuditEntry.objects.filter(action="erase_person").get().details["conversions"] == 2


def test_others_are_left_alone(known: Lead, account: Account, channel: Channel, stranger_site: Site) -> None:
    neighbour = ConversionFactory(channel=channel, pii={"email": "hash"}, lead=LeadFactory(site=channel.site))
    elsewhere = LeadFactory(site=stranger_site, telegram_user_id=PERSON)
    visit = VisitFactory(site=channel.site)
    erase_person(account, PERSON, actor="ada", now=timezone.now())
    neighbour.refresh_from_db()
    elsewhere.refresh_from_db()
    visit.refresh_from_db()
    assert (neighbour.pii, elsewhere.telegram_user_id) == ({"email": "hash"}, PERSON)
    assert visit.client_ip == "203.0.113.7"


@pytest.mark.promise("S10")
def test_replays_do_not_bring_them_back(known: Lead, api, account: Account, bot: Bot, channel: Channel) -> None:
    erase_person(account, PERSON, actor="ada", now=timezone.now())
    answer = api.post("/api/v1/events/conversion", EVENT | {"siteId": known.site_id, "channelId": channel.pk})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "PERSON_ERASED")
    intake.receive(bot, update_of_join(number=99), now=timezone.now())
    outcomes = replaying.retry(Send.objects.all(), actor="ada", now=timezone.now())
    assert outcomes.done == 0
    assert not Lead.objects.filter(telegram_user_id=PERSON).exists()
    assert not BotStart.objects.exists()


def test_who_joins_again_comes_as_somebody_new(known: Lead, api, account: Account, bot: Bot) -> None:
    erase_person(account, PERSON, actor="ada", now=timezone.now() - timedelta(minutes=1))
    later = int(timezone.now().timestamp()) + 1
    intake.receive(bot, update_of_join(number=99, date=later), now=timezone.now())
    assert Lead.objects.get(telegram_user_id=PERSON).pk != known.pk
    assert not ErasedPerson.objects.exists()
    assert api.post("/api/v1/events/conversion", EVENT).status_code == 200


def test_a_message_on_its_way_is_not_told(known: Lead, account: Account) -> None:
    assert WebhookMessage.objects.exists()
    erase_person(account, PERSON, actor="ada", now=timezone.now())
    assert not WebhookMessage.objects.exists()


# ------------------------------------------------------------------ doors
def test_the_api_erases(known: Lead, api, account: Account) -> None:
    path = f"/api/v1/leads/{PERSON}"
    assert api.client.delete(path, headers=api._headers(None)).status_code == 204
    assert api.get(path).status_code == 404
    assert api.client.delete(path, headers=api._headers(None)).status_code == 204
    unknown = api.client.delete("/api/v1/leads/12345", headers=api._headers(None))
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "LEAD_NOT_FOUND")
    assert AuditEntry.objects.filter(action="erase_person").count() == 1


@pytest.mark.parametrize(("mode", "is_limited", "status"), [("test", False, 400), ("live", True, 404)])
def test_only_a_live_key_of_the_account_erases(
    known: Lead, account: Account, mode: str, is_limited: bool, status: int
) -> None:
    site = known.site if is_limited else None
    _, token = api_keys.create_key(account=account, site=site, name="other", mode=KeyMode(mode))
    answer = Client().delete(f"/api/v1/leads/{PERSON}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    assert Lead.objects.filter(telegram_user_id=PERSON).exists()


def test_the_command_erases(known: Lead, account: Account) -> None:
    told = StringIO()
    call_command("erase_person", str(PERSON), account=account.name, yes=True, stdout=told)
    assert "1 leads, 2 conversions" in told.getvalue()
    with pytest.raises(CommandError, match="Nothing is known of this Telegram user"):
        call_command("erase_person", "12", account=account.name, yes=True)
    with pytest.raises(CommandError, match="There is no account"):
        call_command("erase_person", "12", account="Nobody", yes=True)


def test_an_unknown_person_is_said_to_be(account: Account) -> None:
    with pytest.raises(errors.LeadNotFound):
        erase_person(account, PERSON, actor="ada", now=timezone.now())
    assert not ErasedPerson.objects.exists()


def test_ten_thousand_events_take_few_statements(
    channel: Channel, account: Account, django_assert_max_num_queries
) -> None:
    lead = LeadFactory(site=channel.site, telegram_user_id=PERSON)
    for conversion in ConversionFactory.create_batch(20, channel=channel, lead=lead):
        SendFactory(conversion=conversion, pixel=PixelFactory(site=channel.site))
    with django_assert_max_num_queries(22):
        erase_person(account, PERSON, actor="ada", now=timezone.now())
