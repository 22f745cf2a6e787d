"""Contact hashes go along a lead's history; nothing of a test goes into a live event."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversions import retention
from conversions.choices import Source
from conversions.erasing import erase_person
from conversions.hashing import sha256
from conversions.models import Conversion
from conversions.recording_joins import record_conversion_from_join
from dispatch.events import outgoing_event
from dispatch.models import Send
from leads import api_keys
from leads.choices import KeyMode
from tests.api.conftest import CONVERSION
from tests.conftest import Api
from tests.factories import ConversionFactory, LeadFactory, PixelFactory

pytestmark = pytest.mark.django_db
PERSON = 123456789
ADA, BOB = sha256("ada@x.example"), sha256("bob@x.example")
LEAD = {"telegramUserId": PERSON, "eventType": "Lead", "userAgent": "Mozilla/5.0", "clientIp": "203.0.113.9"}


@pytest.fixture
def person(channel):
    return LeadFactory(site=channel.site, telegram_user_id=PERSON)


@pytest.fixture
def post(api, channel):
    def send(client: Api = api, **changes):
        answer = client.post(CONVERSION, {**LEAD, "siteId": channel.site_id, "channelId": channel.pk, **changes})
        assert answer.status_code == 200, answer.content
        return Conversion.objects.select_related("visit", "site").get(pk=answer.json()["conversionId"])

    return send


def given(channel, person, *, days_ago=0.0, **values):
    return ConversionFactory(
        channel=channel, lead=person, attributed_at=timezone.now() - timedelta(days=days_ago), **values
    )


def test_a_purchase_carries_the_email_of_the_lead(post) -> None:
    post(pii={"email": "ada@x.example", "firstName": "Ada"})
    event = outgoing_event(post(eventType="Purchase", value=20, currency="EUR"))
    assert (event.email, event.email_google, event.first_name) == (ADA, ADA, sha256("ada"))


def test_google_is_scheduled_by_an_inherited_email(post, site) -> None:
    PixelFactory(google=True, site=site)
    post(pii={"email": "ada@x.example"})
    purchase = post(eventType="Purchase", value=20, currency="EUR")
    assert Send.objects.filter(conversion=purchase).count() == 1


def test_what_the_request_says_wins_over_the_past(post) -> None:
    post(pii={"email": "ada@x.example", "phone": "+4915112345678"})
    event = outgoing_event(post(eventType="Subscribe", pii={"email": "bob@x.example"}))
    assert (event.email, event.phone_e164) == (BOB, sha256("+4915112345678"))


def test_of_two_earlier_events_the_newer_wins(post, channel, person) -> None:
    given(channel, person, days_ago=2, pii={"email": "a" * 64, "email_google": "a" * 64, "phone_e164": "c" * 64})
    given(channel, person, days_ago=1, pii={"email_google": "b" * 64})
    event = outgoing_event(post(eventType="Subscribe"))
    assert (event.email, event.email_google, event.phone_e164) == ("", "b" * 64, "c" * 64)


def test_a_join_inherits_as_well(channel, person, api) -> None:
    given(channel, person, pii={"email": ADA}, event_type="Subscribe")
    joined = record_conversion_from_join(
        channel=channel, lead=person, visit=None, source=Source.TRACKER, now=timezone.now()
    )
    assert outgoing_event(joined).email == ADA


def test_a_submitted_value_carries_contacts_given_meanwhile(channel, person, api) -> None:
    waiting = given(channel, person, awaiting_value=True)
    given(channel, person, pii={"email": ADA})
    path = f"/api/v1/leads/{PERSON}/conversions/{waiting.pk}/value"
    assert api.post(path, {"value": 5, "currency": "EUR"}).status_code == 200
    waiting.refresh_from_db()
    assert outgoing_event(waiting).email == ADA


@pytest.mark.parametrize("is_test", [True, False])
def test_tests_and_live_events_inherit_nothing_of_each_other(post, account, channel, person, is_test) -> None:
    given(channel, person, is_test=is_test, pii={"email": ADA})
    given(channel, person, is_test=not is_test, pii={"email": BOB})
    mode = KeyMode.TEST if is_test else KeyMode.LIVE
    client = Api(api_keys.create_key(account=account, site=None, name="k", mode=mode)[1])
    assert outgoing_event(post(client, eventType="Subscribe")).email == ADA


def test_an_inherited_hash_is_not_handed_on_by_its_heir(post, channel, person) -> None:
    given(channel, person, days_ago=91, pii={"email": ADA})
    given(channel, person, days_ago=80, inherited_pii={"email": ADA}, inherited_since=timezone.now())
    assert outgoing_event(post(eventType="Subscribe")).email == ""


def test_another_lead_inherits_nothing(post, channel) -> None:
    given(channel, LeadFactory(site=channel.site), pii={"email": ADA})
    assert outgoing_event(post()).email == ""


def test_retention_counts_from_when_the_hash_was_given(post, channel, person) -> None:
    given(channel, person, days_ago=60, pii={"email": ADA})
    heir = post(eventType="Subscribe")
    retention.forget_old(timezone.now() + timedelta(days=31))
    heir.refresh_from_db()
    assert (heir.inherited_pii, heir.inherited_since) == ({}, None)


def test_retention_keeps_a_young_inherited_hash(post, channel, person) -> None:
    given(channel, person, days_ago=60, pii={"email": ADA})
    heir = post(eventType="Subscribe")
    retention.forget_old(timezone.now() + timedelta(days=29))
    heir.refresh_from_db()
    assert heir.inherited_pii == {"email": ADA}


def test_erasing_a_person_blanks_what_was_inherited(post, account, channel, person) -> None:
    given(channel, person, pii={"email": ADA})
    heir = post(eventType="Subscribe")
    erase_person(account, PERSON, actor="test", now=timezone.now())
    heir.refresh_from_db()
    assert heir.inherited_pii == {}


def test_a_warm_event_takes_no_more_statements(post, meta_pixel, django_assert_max_num_queries) -> None:
    post(pii={"email": "ada@x.example"})
    with django_assert_max_num_queries(12 + 1):  # one is this fixture's own read
        post(eventType="Subscribe")
