"""Idempotency-Key: the first answer again, and the work only once."""

import json
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from conversions import idempotency, recording
from conversions.models import Conversion, IdempotencyRecord
from tests.api.conftest import CONVERSION
from tests.conftest import Api

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "order 17"}


@pytest.mark.promise("R11")
def test_a_repeat_gets_the_first_answer_and_does_nothing(api, purchase) -> None:
    first = api.post(CONVERSION, purchase, headers=KEY)
    again = api.post(CONVERSION, purchase, headers=KEY)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again["X-Idempotent-Replay"] == "true"
    assert "X-Idempotent-Replay" not in first
    assert "X-Idempotent-Mismatch" not in again
    assert Conversion.objects.count() == 1


@pytest.mark.promise("R11")
def test_a_replay_for_another_body_says_so(api, purchase) -> None:
    first = api.post(CONVERSION, purchase, headers=KEY)
    again = api.post(CONVERSION, {**purchase, "telegramUserId": 5}, headers=KEY)
    assert again.json() == first.json()
    assert again["X-Idempotent-Mismatch"] == "true"


def test_a_key_belongs_to_its_api_key(api, stranger_api, purchase) -> None:
    api.post(CONVERSION, purchase, headers=KEY)
    assert "X-Idempotent-Replay" not in stranger_api.post(CONVERSION, purchase, headers=KEY)


@pytest.mark.parametrize("key", ["", "x" * 129, "naïve", "tab\there"])
def test_a_key_is_1_to_128_printable_ascii_characters(refuse, purchase, key) -> None:
    refuse(purchase, **{"Idempotency-Key": key})
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(("change", "status"), [({"eventType": "?"}, 400), ({"channelId": "chn_none"}, 404), ({}, 402)])
def test_refusals_of_the_event_are_kept(api, purchase, site, change, status) -> None:
    site.is_paused = status == 402
    site.save()
    first = api.post(CONVERSION, {**purchase, **change}, headers=KEY)
    site.is_paused = False
    site.save()
    again = api.post(CONVERSION, purchase, headers=KEY)
    assert (first.status_code, again.status_code, again.json()) == (status, status, first.json())
    assert not Conversion.objects.exists()


def test_a_429_a_401_and_a_500_are_not_kept(api, api_key, purchase, monkeypatch) -> None:
    def crash(**_):
        raise RuntimeError

    api_key.rate_limit_burst, api_key.rate_limit_per_minute = 2, 1  # none comes back during the test
    api_key.save()
    assert Api(api.token + "x").post(CONVERSION, purchase, headers=KEY).status_code == 401
    with monkeypatch.context() as patch:
        patch.setattr(recording, "record_conversion", crash)
        with pytest.raises(RuntimeError):
            api.post(CONVERSION, purchase, headers=KEY)
    assert not IdempotencyRecord.objects.exists()
    assert api.post(CONVERSION, purchase, headers=KEY).status_code == 200
    assert api.post(CONVERSION, purchase, headers={"Idempotency-Key": "2"}).status_code == 429
    assert IdempotencyRecord.objects.count() == 1


def test_after_a_day_it_runs_again_and_after_two_it_is_forgotten(api, purchase) -> None:
    now = timezone.now()
    first = api.post(CONVERSION, purchase, headers=KEY)
    with time_machine.travel(now + timedelta(hours=25)):
        again = api.post(CONVERSION, purchase, headers=KEY)
    assert "X-Idempotent-Replay" not in again
    assert again.json()["conversionId"] != first.json()["conversionId"]
    assert idempotency.purge(now=now + timedelta(hours=25 + 47)) == 0
    assert idempotency.purge(now=now + timedelta(hours=25 + 49)) == 1


#: Changes nothing, so a repeat needs no record, which would hold a payload's hashes and address.
WITHOUT_EFFECT = "events/validate"


def test_every_post_of_the_api_honours_the_key(api, account, site, channel) -> None:
    routes = [
        (pattern.pattern, pattern.callback.actions["post"])
        for resolver in get_resolver().url_patterns
        if str(resolver.pattern) == "api/v1/"
        for pattern in resolver.url_patterns
        if "post" in pattern.callback.actions and str(pattern.pattern) != WITHOUT_EFFECT
    ]
    assert len(routes) >= 3
    for number, (route, _) in enumerate(routes):
        path = "/api/v1/" + str(route).replace("<str:telegram_user_id>", "5").replace("<str:conversion_id>", "cnv_x")
        path = path.replace("<str:endpoint_id>", "x").replace("<str:webhook_id>", "x")
        headers = {"Idempotency-Key": f"route-{number}"}
        assert api.post(path, {}, headers=headers).status_code in (200, 400, 404), path
        assert api.post(path, {}, headers=headers)["X-Idempotent-Replay"] == "true", path


@pytest.mark.promise("R11")
@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_time_run_once(live_server, api_key_token, site, channel, meta_pixel) -> None:
    body = {
        "telegramUserId": 5,
        "siteId": site.pk,
        "channelId": channel.pk,
        "eventType": "Purchase",
        "value": 1,
        "currency": "USD",
    }
    answers = []

    def post() -> None:
        answers.append(Api(api_key_token).post(CONVERSION, body, headers=KEY))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({json.dumps(answer.json()) for answer in answers}) == 1
    assert sum("X-Idempotent-Replay" in answer for answer in answers) == 11
    assert Conversion.objects.count() == 1
