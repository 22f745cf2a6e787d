"""`/api/v1/webhooks`, as an integrator meets it."""

import json
from typing import Any

import pytest

from dispatch.webhooks import endpoints
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage
from leads import api_keys
from tests.conftest import Api
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db

HOOK = {"url": "https://acme.example/hooks", "events": ["send.failed"]}


def ask(api: Any, method: str, path: str, body: Any = None) -> Any:
    return api.client.generic(
        method, f"/api/v1/webhooks{path}", json.dumps(body or {}), "application/json", headers=api._headers(None)
    )


@pytest.fixture
def webhook(api, account) -> WebhookEndpoint:
    return endpoints.register(account=account, url=HOOK["url"], events=["send.failed"])


@pytest.fixture
def foreign(db) -> WebhookEndpoint:
    return endpoints.register(account=AccountFactory(), url=HOOK["url"])


def test_a_webhook_is_made_listed_and_read(api) -> None:
    made = api.post("/api/v1/webhooks", HOOK).json()

    assert (made["url"], made["events"], made["active"]) == (HOOK["url"], ["send.failed"], True)
    assert api.get("/api/v1/webhooks").json() == {"webhooks": [made]}
    assert api.get(f"/api/v1/webhooks/{made['webhookId']}").json() == made
    assert api.get(f"/api/v1/webhooks/{made['webhookId']}/secret").json()["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": 7}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "http://acme.example/"}, "url"),
        ({**HOOK, "events": ["send.eaten"]}, "events"),
        ({**HOOK, "events": "send.sent"}, "events"),
        ({**HOOK, "events": ["webhook.test"]}, "events"),
    ],
)
def test_a_wrong_webhook_is_refused_with_its_field(api, body, field) -> None:
    answer = api.post("/api/v1/webhooks", body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAYLOAD")
    assert answer.json()["error"]["details"][0]["field"].startswith(field)
    assert not WebhookEndpoint.objects.exists()


def test_a_repeated_creation_makes_one(api) -> None:
    made = [api.post("/api/v1/webhooks", HOOK, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]

    assert made[0] == made[1]
    assert WebhookEndpoint.objects.count() == 1


def test_the_eleventh_is_refused(api) -> None:
    for _ in range(10):
        assert api.post("/api/v1/webhooks", HOOK).status_code == 200

    answer = api.post("/api/v1/webhooks", HOOK)

    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "An account has at most 10 webhooks. Delete one first.",
    )


def test_a_webhook_is_changed_switched_off_and_deleted(api, webhook) -> None:
    changed = ask(api, "PATCH", f"/{webhook.pk}", {"events": [], "active": False}).json()
    assert (changed["events"], changed["active"], changed["url"]) == ([], False, HOOK["url"])

    assert ask(api, "PATCH", f"/{webhook.pk}", {"url": "https://10.0.0.1/"}).status_code == 400
    assert ask(api, "DELETE", f"/{webhook.pk}").status_code == 204
    assert api.get(f"/api/v1/webhooks/{webhook.pk}").status_code == 404


def test_a_test_is_queued_and_read_with_its_attempts(api, webhook) -> None:
    message = api.post(f"/api/v1/webhooks/{webhook.pk}/test").json()

    assert (message["type"], message["status"]) == ("webhook.test", "pending")
    assert api.get(f"/api/v1/webhooks/{webhook.pk}/messages").json()["messages"] == [message]
    assert api.post(f"/api/v1/webhooks/{webhook.pk}/messages/{message['messageId']}/retry").status_code == 200


def test_a_rotation_changes_the_secret(api, webhook) -> None:
    before = api.get(f"/api/v1/webhooks/{webhook.pk}/secret").json()

    assert api.post(f"/api/v1/webhooks/{webhook.pk}/rotate-secret").status_code == 200

    assert api.get(f"/api/v1/webhooks/{webhook.pk}/secret").json() != before


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/secret"),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("GET", "/messages"),
        ("POST", "/messages/msg_1/retry"),
    ],
)
def test_anothers_webhook_is_as_unknown_as_none(api, foreign, method, path) -> None:
    answers = [ask(api, method, f"/{name}{path}") for name in (foreign.pk, "whk_none")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert WebhookEndpoint.objects.filter(pk=foreign.pk, is_active=True).exists()
    assert not WebhookMessage.objects.exists()


def test_a_key_of_one_site_has_no_webhooks(account, site, webhook) -> None:
    site_api = Api(api_keys.create_key(account=account, site=site, name="legacy")[1])

    assert site_api.get("/api/v1/webhooks").status_code == 404
    assert site_api.post("/api/v1/webhooks", HOOK).status_code == 404
    assert site_api.get(f"/api/v1/webhooks/{webhook.pk}/secret").status_code == 404
