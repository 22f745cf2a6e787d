"""POST /api/v1/events/batch: each event as the single request, in a constant number of statements."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversions.erasing import erase_person
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Lead
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db
BATCH = "/api/v1/events/batch"


@pytest.fixture
def take(api, settings):
    """Posts events and gives back the results."""
    settings.API_BATCH_BURST = settings.API_BATCH_EVENTS_PER_MINUTE = 10**6

    def post(*events: Any) -> list[dict[str, Any]]:
        answer = api.post(BATCH, {"events": list(events)})
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return post


def mixed(lead: dict[str, Any], count: int, start: int) -> list[dict[str, Any]]:
    """New leads, known ones, duplicates of earlier events and of each other, one refused, with keys."""
    events = []
    for number in range(count):
        event = {**lead, "telegramUserId": start + number // 2}
        if number % 5 == 3:
            event |= {"eventType": "Purchase", "value": 5, "currency": "USD", "orderId": str(number // 10)}
        if number % 7 == 2:
            event |= {"telegramUserId": 1 + number % 3, "externalUserId": "known"}
        if number % 50 == 9:
            event["eventType"] = "Nothing"
        events.append(event | {"idempotencyKey": f"{start}-{number}"})
    return events


def test_results_come_in_order_with_their_status(take, lead, meta_pixel) -> None:
    results = take(lead, {**lead, "eventType": "No"}, {**lead, "telegramUserId": 7})
    assert [(one["index"], one["status"]) for one in results] == [(0, 200), (1, 400), (2, 200)]


def test_a_result_is_what_the_single_request_answers(take, api, lead, meta_pixel) -> None:
    single = api.post(CONVERSION, {**lead, "telegramUserId": 7}).json()
    result = take(lead)[0]
    assert set(result) == {*single, "index", "status"}


def test_a_refused_event_names_its_field(take, lead) -> None:
    error = take({**lead, "eventType": "No"})[0]["error"]
    assert error["details"][0]["field"] == "eventType"


def test_accepted_and_failed_are_counted(api, lead) -> None:
    answer = api.post(BATCH, {"events": [lead, {}, 5]}).json()
    assert (answer["accepted"], answer["failed"]) == (1, 2)


def test_the_second_twin_is_a_duplicate(take, lead, meta_pixel) -> None:
    first, second = take(lead, {**lead, "contentName": "later"})
    assert (second["conversionId"], second["updatedExisting"]) == (first["conversionId"], True)
    assert Conversion.objects.get().content_name == "later"
    assert Send.objects.count() == 1


def test_a_sent_event_is_not_sent_again(take, lead, meta_pixel) -> None:
    take(lead)
    Send.objects.update(status=SendStatus.SENT, due_at=None, sent_at=timezone.now())
    assert take(lead)[0]["sends"] == []


def test_a_failed_send_is_due_again(take, lead, meta_pixel) -> None:
    take(lead)
    Send.objects.update(status=SendStatus.FAILED, reason="exhausted", due_at=None)
    assert take(lead)[0]["dispatched"]
    assert Send.objects.get().status == SendStatus.PENDING


def test_a_known_lead_is_warm(take, lead, meta_pixel) -> None:
    take({**lead, "pii": {"email": "ada@example.com"}})
    assert not take({**lead, "eventType": "Subscribe"})[0]["coldLead"]
    assert Conversion.objects.get(event_type="Subscribe").inherited_pii


def test_a_channel_is_found_by_the_history(take, lead, channel) -> None:
    take(lead)
    result = take({"telegramUserId": lead["telegramUserId"], "eventType": "Subscribe"})[0]
    assert result["channelId"] == channel.pk


def test_an_erased_person_refuses_nobody_else(take, account, lead) -> None:
    take(lead)
    erase_person(account, lead["telegramUserId"], actor="test", now=timezone.now())
    assert [one["status"] for one in take(lead, {**lead, "telegramUserId": 9})] == [410, 200]


def test_another_accounts_site_is_unknown(take, lead, stranger_site, stranger_channel) -> None:
    foreign = {**lead, "siteId": stranger_site.pk, "channelId": stranger_channel.pk}
    assert [one["status"] for one in take(foreign, lead)] == [400, 200]


def test_a_paused_site_is_402(take, lead, site) -> None:
    type(site).objects.update(is_paused=True)
    assert take(lead)[0]["status"] == 402


def test_an_events_key_repeats_its_first_answer(take, lead, meta_pixel) -> None:
    event = {**lead, "idempotencyKey": "k1"}
    first, again = take(event)[0], take(event)[0]
    assert again == {**first, "idempotentReplay": True}


def test_an_events_key_for_another_event_says_so(take, lead) -> None:
    take({**lead, "idempotencyKey": "k1"})
    assert take({**lead, "telegramUserId": 8, "idempotencyKey": "k1"})[0]["idempotentMismatch"]
    assert not Lead.objects.filter(telegram_user_id=8).exists()


def test_one_key_twice_in_a_batch_runs_once(take, lead) -> None:
    twice = take({**lead, "idempotencyKey": "k"}, {**lead, "idempotencyKey": "k", "telegramUserId": 8})
    assert twice[1]["conversionId"] == twice[0]["conversionId"]
    assert not Lead.objects.filter(telegram_user_id=8).exists()


@pytest.mark.parametrize("events", [[], None, {}, "x", [{}] * 501])
def test_what_is_no_list_is_refused_whole(api, events) -> None:
    assert api.post(BATCH, {"events": events}).json()["error"]["code"] == "INVALID_PAYLOAD"


def test_over_two_mebibytes_is_413(api) -> None:
    assert api.post(BATCH, {"events": ["x" * 2_100_000]}).status_code == 413


def test_more_than_64_kib_is_taken(take, lead) -> None:
    assert take(*[{**lead, "contentName": "x" * 500}] * 200)[199]["status"] == 200


def test_too_many_events_are_429_and_take_nothing(api, lead, settings) -> None:
    settings.API_BATCH_BURST, settings.API_BATCH_EVENTS_PER_MINUTE = 3, 60
    assert api.post(BATCH, {"events": [lead] * 2}).status_code == 200
    refused = api.post(BATCH, {"events": [lead] * 2})
    assert (refused.status_code, refused["Retry-After"]) == (429, "1")
    assert api.post(BATCH, {"events": [{**lead, "telegramUserId": 9}]}).status_code == 200


def test_a_test_key_changes_no_lead(take, api, account, lead) -> None:
    from leads import api_keys
    from leads.choices import KeyMode

    api.token = api_keys.create_key(account=account, site=None, name="t", mode=KeyMode.TEST)[1]
    take({**lead, "externalUserId": "u"}, {**lead, "externalUserId": "u", "eventType": "Subscribe"})
    assert Lead.objects.get().external_user_id == ""
    assert Conversion.objects.filter(is_test=True).count() == 2


def test_consent_is_told_to_earlier_events(take, lead) -> None:
    take(lead, {**lead, "eventType": "Subscribe", "consent": {"ads": False}})
    assert Conversion.objects.get(event_type="Lead").consent["ads"] is False


def test_statements_do_not_grow_with_the_batch(take, lead, meta_pixel) -> None:
    """The first batches warm up what is made once, and the known leads."""
    take(*mixed(lead, 20, 1))
    counts = set()
    for number, size in enumerate((50, 150, 500)):
        with CaptureQueriesContext(connection) as captured:
            take(*mixed(lead, size, 1000 * (number + 1)))
        counts.add(len(captured))
    assert len(counts) == 1, counts
    assert counts.pop() <= 30


def test_one_event_takes_no_more_statements_than_many(take, lead, meta_pixel) -> None:
    take({**lead, "telegramUserId": 1, "idempotencyKey": "first"})
    with CaptureQueriesContext(connection) as one:
        take({**lead, "telegramUserId": 2, "idempotencyKey": "one"})
    with CaptureQueriesContext(connection) as many:
        take(*[{**lead, "telegramUserId": 10 + number, "idempotencyKey": f"{number}"} for number in range(500)])
    assert len(one) == len(many)
