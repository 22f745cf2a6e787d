"""What the fast path costs, what it refuses at once, and what happens when two meet at one lead."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversions.erasing import erase_person
from conversions.fast_path import recording
from conversions.models import Conversion
from dispatch.models import Send
from leads import api_keys
from leads.locking import lock_lead
from leads.models import Lead
from tests.api.conftest import CONVERSION

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the fast path is PostgreSQL's"),
]


def statements(api: Any, body: Any, path: str = CONVERSION) -> list[str]:
    api.post(
        path, body | {"telegramUserId": 1, "customEventName": "first", "eventType": "Custom"}
    )  # notes the key's use
    with CaptureQueriesContext(connection) as captured:
        assert api.post(path, body).status_code == 200
    return [query["sql"] for query in captured]


def test_a_new_lead_takes_two_statements(api, lead, meta_pixel) -> None:
    assert len(statements(api, lead)) == 2


def test_a_known_lead_takes_three_statements(api, lead, meta_pixel) -> None:
    api.post(CONVERSION, lead)
    assert len(statements(api, lead | {"eventType": "Subscribe"})) == 3


def test_an_event_of_a_lead_takes_as_many(api, lead, meta_pixel) -> None:
    api.post(CONVERSION, lead)
    body = {name: value for name, value in lead.items() if name != "telegramUserId"}
    path = f"/api/v1/leads/{lead['telegramUserId']}/events"
    with CaptureQueriesContext(connection) as captured:
        assert api.post(path, body | {"eventType": "Subscribe"}).status_code == 200
    assert len(captured) == 3


def test_statements_are_prepared_on_the_server(api, lead, meta_pixel) -> None:
    statements(api, lead)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%apikey%"])
        assert cursor.fetchone()[0] >= 1


@pytest.mark.promise("S3")
def test_a_revoked_key_is_refused_at_once(api, api_key, lead) -> None:
    assert api.post(CONVERSION, lead).status_code == 200
    api_keys.revoke(api_key, now=timezone.now())
    assert api.post(CONVERSION, lead).json()["error"]["code"] == "REVOKED_KEY"


def test_a_paused_site_takes_nothing_at_once(api, lead, site) -> None:
    assert api.post(CONVERSION, lead).status_code == 200
    type(site).objects.update(is_paused=True)
    assert api.post(CONVERSION, lead).status_code == 402


def test_a_pixel_switched_off_gets_nothing_at_once(api, lead, meta_pixel) -> None:
    assert api.post(CONVERSION, lead).json()["sends"]
    type(meta_pixel).objects.update(is_active=False)
    assert not api.post(CONVERSION, lead | {"telegramUserId": 5}).json()["sends"]


def test_a_wrong_secret_is_no_key(api, api_key_token, lead) -> None:
    api.token = api_key_token[:-1] + ("a" if api_key_token[-1] != "a" else "b")
    assert api.post(CONVERSION, lead).json()["error"]["code"] == "INVALID_KEY"


def test_a_key_of_another_account_finds_nothing(stranger_api, lead) -> None:
    assert stranger_api.post(CONVERSION, lead).status_code == 400
    assert not Lead.objects.exists()


def test_who_recorded_meanwhile_is_not_overlooked(api, lead, meta_pixel, monkeypatch) -> None:
    """Between reading and writing another request records the very event: the second is its duplicate."""
    api.post(CONVERSION, lead)
    again = lead | {"eventType": "Subscribe"}
    original, others = recording.reading.history_of, []

    def history_of(known: Lead) -> list[Conversion]:
        found = original(known)
        if not others:
            others.append(None)
            others.append(api.post(CONVERSION, again).json())
        return found

    monkeypatch.setattr(recording.reading, "history_of", history_of)
    answer = api.post(CONVERSION, again).json()
    assert answer["conversionId"] == others[1]["conversionId"]
    assert answer["deduplicated"]


def test_a_plain_lock_counts_as_recording_meanwhile(api, lead, account, site, monkeypatch) -> None:
    """Whoever takes the lead's lock, as a join does, may have recorded something."""
    api.post(CONVERSION, lead)
    written = []
    original_read, original_write = recording.reading.history_of, recording.writing.write_next

    def history_of(known: Lead) -> list[Conversion]:
        found = original_read(known)
        with transaction.atomic():
            lock_lead(site=site, telegram_user_id=known.telegram_user_id, now=timezone.now())
        return found

    monkeypatch.setattr(recording.reading, "history_of", history_of)
    monkeypatch.setattr(
        recording.writing, "write_next", lambda *a, **k: written.append(original_write(*a, **k)) or written[-1]
    )
    assert api.post(CONVERSION, lead | {"eventType": "Subscribe"}).status_code == 200
    assert written == [False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_many_identical_requests_make_one_conversion(api, lead, meta_pixel, settings, is_known) -> None:
    settings.API_RATE_LIMIT_BURST = 1000
    if is_known:
        api.post(CONVERSION, lead | {"eventType": "Subscribe"})

    def ask(_: int) -> int:
        try:
            return api.post(CONVERSION, json.dumps(lead)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(40))) == {200}
    assert Conversion.objects.filter(event_type="Lead").count() == 1
    assert Send.objects.filter(conversion__event_type="Lead").count() == 1


def test_an_erased_person_is_refused(api, lead, account) -> None:
    api.post(CONVERSION, lead)
    erase_person(account, lead["telegramUserId"], actor="test", now=timezone.now())
    assert api.post(CONVERSION, lead).status_code == 410
