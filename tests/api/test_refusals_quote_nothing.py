"""A refusal says what is wrong and repeats nothing of the body: an idempotency record keeps it for two days."""

import json

import pytest

from conversions.models import IdempotencyRecord
from conversions.requests import ConversionRequest, PiiRequest, ValueRequest
from dispatch.webhooks.serializers import WebhookRequest
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db
MARK = "ada-marked@example.com"
WRONG = [MARK, [MARK], {MARK: MARK}, MARK * 100, f"{MARK}\x01", f"http://{MARK} {MARK}", 5, True]


def refused(api, path, body) -> None:
    answer = api.post(path, body, headers={"Idempotency-Key": "one"})
    kept = IdempotencyRecord.objects.filter(key="one").values_list("status", "body").first()
    if answer.status_code >= 400:
        assert MARK not in answer.content.decode()
        assert kept is None or MARK not in kept[1]
    IdempotencyRecord.objects.all().delete()


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", ConversionRequest().fields)
def test_a_wrong_field_of_an_event(api, purchase, field, wrong) -> None:
    refused(api, CONVERSION, {**purchase, field: wrong})


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", PiiRequest().fields)
def test_a_wrong_field_of_a_person(api, purchase, field, wrong) -> None:
    refused(api, CONVERSION, {**purchase, "pii": {field: wrong}})


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", ValueRequest().fields)
def test_a_wrong_field_of_a_value(api, field, wrong) -> None:
    refused(api, "/api/v1/leads/1/conversions/cnv_1/value", {"value": 1, "currency": "EUR", field: wrong})


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("field", WebhookRequest().fields)
def test_a_wrong_field_of_a_webhook(api, field, wrong) -> None:
    refused(api, "/api/v1/webhooks", {"url": "https://hooks.acme.com/told", field: wrong})


@pytest.mark.parametrize("body", [MARK, f'{{"{MARK}": }}', f'{{"a": "{MARK}\n"}}', f'["{MARK}"]', f'{{"a": {MARK}}}'])
def test_a_body_that_is_no_json(api, body) -> None:
    answer = api.post(CONVERSION, body, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 400
    assert MARK not in answer.content.decode() + IdempotencyRecord.objects.get().body


def test_code_and_message_are_kept(api, purchase) -> None:
    answer = api.post(CONVERSION, {**purchase, "currency": MARK}, headers={"Idempotency-Key": "one"})
    kept = json.loads(IdempotencyRecord.objects.get().body)
    assert kept == answer.json()
    assert kept["error"]["code"] == "INVALID_PAYLOAD"
