"""Amounts in answers are the amounts that came in, digit by digit."""

import json

import pytest

from adtarget.core import exact_json
from conversions.models import Conversion, IdempotencyRecord
from dispatch.webhooks import endpoints
from dispatch.webhooks.models import WebhookMessage
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db
AMOUNTS = ["123456789012.3456", "900719925474.0993", "999999999999.9999", "49.9"]


@pytest.fixture
def buy(api, lead):
    """`buy("49.9")`: a purchase with the amount written so; the conversion's id."""

    def post(amount: str, **headers: str) -> str:
        body = {**lead, "eventType": "Purchase", "currency": "CLF", "value": "AMOUNT"}
        answer = api.post(CONVERSION, json.dumps(body).replace('"AMOUNT"', amount), headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()["conversionId"]

    return post


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_conversion_shows_the_exact_amount(api, buy, amount: str) -> None:
    shown = api.get(f"/api/v1/conversions/{buy(amount)}").content.decode()
    assert f'"eventValue":{amount},' in shown


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_lead_shows_the_exact_amount(api, buy, amount: str) -> None:
    buy(amount)
    assert f'"eventValue":{amount},' in api.get("/api/v1/leads/123456789").content.decode()


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_webhook_tells_the_exact_amount(account, channel, buy, amount: str) -> None:
    from dispatch.webhooks import outbox, signing

    endpoints.register(account=account, url="https://hooks.example/told")
    conversion = Conversion.objects.get(pk=buy(amount))
    outbox.tell_of_wait(conversion, now=conversion.attributed_at)
    assert f'"value":{amount},'.encode() in signing.encode(WebhookMessage.objects.get().body)


def test_a_replayed_answer_keeps_every_digit(api_key) -> None:
    document = exact_json.loads('{"eventValue": 900719925474.0993}')
    record = IdempotencyRecord(api_key=api_key, key="1", body=exact_json.dumps(document))
    assert "900719925474.0993" in exact_json.dumps(exact_json.loads(record.body))
