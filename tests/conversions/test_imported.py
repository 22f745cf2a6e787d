"""Events that come in later, from a file: they count for the time at which they happened."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from conversions.choices import EventType, Intake, Source
from conversions.facts import EventFacts
from conversions.models import Conversion
from conversions.recording import Recorded, record_conversion
from dispatch import auditing
from dispatch.choices import Priority
from dispatch.models import Send
from leads.models import ApiKey, Channel, Lead

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LAST_YEAR = NOW - timedelta(days=365)


@pytest.fixture
def record(api_key: ApiKey, channel: Channel):
    def call(at: datetime, intake: Intake = Intake.HISTORY, **more: object) -> Recorded:
        facts = EventFacts(event_type=EventType.LEAD, occurred_at=at, signals={"fbc": "fb.1.1791990000123.a"}, **more)
        return record_conversion(key=api_key, channel=channel, telegram_user_id=7, facts=facts, now=NOW, intake=intake)

    return call


def test_history_is_never_sent(record, meta_pixel) -> None:
    assert record(LAST_YEAR).conversion.source == Source.HISTORY
    assert not Send.objects.exists()


def test_missing_sends_of_history_are_no_orphans(record, meta_pixel) -> None:
    type(meta_pixel).objects.update(updated_at=LAST_YEAR - timedelta(days=1))
    record(LAST_YEAR)
    assert not list(auditing.conversions_without_sends(NOW))
    Conversion.objects.update(source=Source.API)
    assert list(auditing.conversions_without_sends(NOW))


def test_an_import_is_sent_after_what_is_fresh(record, meta_pixel) -> None:
    record(LAST_YEAR, Intake.IMPORTED)
    send = Send.objects.get()
    assert (send.priority, send.due_at, send.created_at) == (Priority.REPLAY, NOW, NOW)


@pytest.mark.parametrize("intake", [Intake.IMPORTED, Intake.HISTORY])
def test_it_counts_for_when_it_happened(record, intake: Intake) -> None:
    record(LAST_YEAR, intake)
    assert Conversion.objects.get().attributed_at == LAST_YEAR


def test_events_of_two_days_are_no_duplicates(record) -> None:
    record(LAST_YEAR)
    assert not record(LAST_YEAR + timedelta(days=2)).is_duplicate


def test_the_same_moment_is_a_duplicate(record) -> None:
    record(LAST_YEAR)
    assert record(LAST_YEAR).is_duplicate


def test_a_later_live_event_is_no_duplicate(record) -> None:
    record(NOW, Intake.LIVE)
    assert not record(LAST_YEAR).is_duplicate


def test_history_leaves_a_live_duplicate_alone(record, meta_pixel) -> None:
    record(NOW, Intake.LIVE)
    before = Conversion.objects.values().get()
    assert record(NOW - timedelta(hours=1), content_name="Other").is_duplicate
    assert Conversion.objects.values().get() == before


def test_an_old_event_sets_no_younger_lead_back(record) -> None:
    record(NOW, Intake.LIVE, external_user_id="new")
    record(LAST_YEAR, external_user_id="old")
    lead = Lead.objects.get()
    assert (lead.first_seen_at, lead.last_seen_at, lead.external_user_id) == (LAST_YEAR, NOW, "new")


def test_old_consent_changes_no_later_event(record) -> None:
    record(NOW, Intake.LIVE, consent={"ads": True})
    record(LAST_YEAR, consent={"ads": False})
    assert Conversion.objects.latest_first().first().consent == {"ads": True}


def test_the_api_calls_history_api(record, api) -> None:
    record(LAST_YEAR)
    assert api.get("/api/v1/conversions").json()["conversions"][0]["source"] == "api"
