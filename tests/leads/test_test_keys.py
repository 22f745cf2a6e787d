"""A test key against live data: every operation of the API document, asked with live ids."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.forms.models import model_to_dict
from drf_spectacular.generators import SchemaGenerator

from adtarget.core import encryption
from conversions.models import Conversion
from dispatch.models import Send
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage
from leads import api_keys
from leads.choices import KeyMode
from leads.models import Lead
from tests.conftest import Api
from tests.factories import ConversionFactory, LeadFactory, SendFactory
from tests.factories.tracker import FIREFOX

PERSON = 900_001
EVENT = {"eventType": "Lead", "fbc": "fb.1.1700000000000.AbCdEf", "userAgent": FIREFOX}
HOOK = {"url": "https://hooks.acme.example/new", "events": ["send.failed"], "active": False}
VALUE = {"value": 12.5, "currency": "EUR"}
LIVE = (Conversion, Send, Lead, WebhookEndpoint, WebhookMessage)


def operations() -> Iterator[tuple[str, str]]:
    for path, methods in SchemaGenerator().get_schema(public=True)["paths"].items():
        yield from ((method, path) for method in methods)


@pytest.fixture
def live(channel: Any, meta_pixel: Any) -> dict[str, str]:
    """One live conversion with a failed send, waiting for its value, and a webhook with a message."""
    lead = LeadFactory(site=channel.site, telegram_user_id=PERSON, external_user_id="live-customer")
    conversion = ConversionFactory(channel=channel, lead=lead, awaiting_value=True)
    send = SendFactory(conversion=conversion, pixel=meta_pixel, failed=True)
    endpoint = WebhookEndpoint.objects.create(
        account=channel.site.account,
        url="https://hooks.acme.example/live",
        secret_encrypted=encryption.encrypt("whsec_live"),
    )
    at = conversion.event_time
    message = WebhookMessage.objects.create(
        endpoint=endpoint, event="send.failed", data={"telegramUserId": PERSON}, due_at=at, created_at=at
    )
    return {
        "conversionId": conversion.pk,
        "sendId": send.pk,
        "webhookId": endpoint.pk,
        "messageId": message.pk,
        "telegramUserId": str(PERSON),
    }


@pytest.fixture
def test_api(account: Any) -> Api:
    return Api(api_keys.create_key(account=account, site=None, name="test", mode=KeyMode.TEST)[1])


def rows() -> dict[str, Any]:
    """All live rows, field by field."""
    kept = {model.__name__: list(model.objects.order_by("pk")) for model in LIVE}
    kept["Conversion"] = [row for row in kept["Conversion"] if not row.is_test]
    kept["Send"] = [row for row in kept["Send"] if not row.conversion.is_test]
    return {name: [model_to_dict(row) | {"pk": row.pk} for row in found] for name, found in kept.items()}


@pytest.mark.promise("S3")
@pytest.mark.parametrize(("method", "path"), list(operations()))
def test_it_neither_reads_nor_changes_live_data(method: str, path: str, test_api, live, channel) -> None:
    before = rows()
    where = {"siteId": channel.site_id, "channelId": channel.pk}
    body = {"telegramUserId": PERSON, **where, **EVENT, **HOOK, **VALUE, "externalUserId": "overwritten"}
    answer = test_api.client.generic(
        method.upper(),
        path.format(**live),
        data=json.dumps(body) if method != "get" else b"",
        content_type="application/json",
        headers=test_api._headers(None),
    )
    assert rows() == before
    shown = answer.content.decode()
    assert not [value for name, value in live.items() if name != "telegramUserId" and value in shown]
    assert not [secret for secret in ("live-customer", "whsec_live", "hooks.acme.example/live") if secret in shown]


def test_it_sees_what_it_made(test_api, live, channel) -> None:
    where = {"siteId": channel.site_id, "channelId": channel.pk}
    made = test_api.post(f"/api/v1/leads/{PERSON}/events", where | EVENT | {"externalUserId": "tester"}).json()
    lead = test_api.get(f"/api/v1/leads/{PERSON}").json()
    assert [one["conversionId"] for one in lead["conversions"]] == [made["conversionId"]]


def test_a_lead_of_tests_has_their_dates(test_api, live, channel) -> None:
    where = {"siteId": channel.site_id, "channelId": channel.pk}
    test_api.post(f"/api/v1/leads/{PERSON}/events", where | EVENT | {"externalUserId": "tester"})
    conversion = Conversion.objects.get(is_test=True)
    lead = test_api.get(f"/api/v1/leads/{PERSON}").json()
    assert lead["firstSeenAt"] == lead["lastSeenAt"] == int(conversion.attributed_at.timestamp() * 1000)


def test_its_external_id_stays_with_tests(test_api, api, live, channel) -> None:
    where = {"siteId": channel.site_id, "channelId": channel.pk}
    test_api.post("/api/v1/events/conversion", {"telegramUserId": 7, **where, **EVENT, "externalUserId": "tester"})
    api.post("/api/v1/events/conversion", {"telegramUserId": 7, **where, **EVENT})
    assert Conversion.objects.get(is_test=False, telegram_user_id=7).external_user_id == ""


def test_its_events_begin_without_live_history(test_api, live) -> None:
    assert test_api.post(f"/api/v1/leads/{PERSON}/events", EVENT).status_code == 404


def test_it_may_list_channels(test_api, channel) -> None:
    assert test_api.get("/api/v1/channels").json()["channels"][0]["channelId"] == channel.pk
