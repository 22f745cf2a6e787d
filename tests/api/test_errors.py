"""The envelope, for everything below the public prefixes."""

import pytest
from django.db import OperationalError
from django.test import Client

from dispatch import scheduling
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/x", "/backend/nothing", "/api/v1/leads/1/x"]
)
def test_an_unknown_route_is_json(client, path) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert answer["X-Request-Id"]


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_a_wrong_verb_is_405(api, method) -> None:
    answer = getattr(api.client, method)(CONVERSION, headers={"Authorization": f"Bearer {api.token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_accept_is_not_held_against_anyone(api) -> None:
    assert api.get("/api/v1/channels", headers={"Accept": "text/html"}).status_code == 200


def test_a_crash_says_nothing_of_its_cause(api, lead, monkeypatch) -> None:
    def crash(_):
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(scheduling, "outgoing_event", crash)
    api.client = Client(raise_request_exception=False)
    answer = api.post(CONVERSION, lead)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.content.decode()
    assert answer["X-Request-Id"]


def test_a_crash_still_reaches_error_trackers(api, lead, monkeypatch) -> None:
    def crash(_):
        raise RuntimeError("seen by the tracker")

    monkeypatch.setattr(scheduling, "outgoing_event", crash)
    with pytest.raises(RuntimeError, match="seen"):
        api.post(CONVERSION, lead)


@pytest.mark.promise("R18")
def test_a_database_that_is_away_is_503_with_a_wait(api, lead, monkeypatch) -> None:
    def away(_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(scheduling, "outgoing_event", away)
    answer = api.post(CONVERSION, lead)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer["Retry-After"]) >= 1


def test_a_switched_off_api_is_503(api, settings) -> None:
    settings.API_ENABLED = False
    answer = api.get("/api/v1/channels")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "API_DISABLED")


def test_a_given_request_id_is_kept_and_nonsense_is_not(client) -> None:
    assert client.get("/api/v1/x", headers={"X-Request-Id": "abc-1"})["X-Request-Id"] == "abc-1"
    assert client.get("/api/v1/x", headers={"X-Request-Id": "a\tb<script>"})["X-Request-Id"] != "a\tb<script>"


@pytest.mark.parametrize("path", [CONVERSION, "/api/v1/channels", "/api/v1/nothing", "/backend/track/init"])
def test_preflights_are_answered_everywhere(client, path) -> None:
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    allowed = {name.strip().lower() for name in answer["Access-Control-Allow-Headers"].split(",")}
    assert allowed == {
        "authorization",
        "content-type",
        "idempotency-key",
        "x-adtarget-client-ip",
        "x-adtarget-client-user-agent",
    }


def test_answers_carry_cors_even_when_they_refuse(client) -> None:
    answer = client.get("/api/v1/channels")
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (401, "*")
    exposed = {name.strip() for name in answer["Access-Control-Expose-Headers"].split(",")}
    limits = {"RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    assert exposed == {"Retry-After", "X-Idempotent-Replay", "X-Idempotent-Mismatch", "X-Request-Id", *limits}


def test_an_address_with_a_nul_is_unknown_and_never_reaches_the_database(api) -> None:
    answer = api.get("/api/v1/conversions/cnv_%00")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_a_host_that_is_not_ours_is_told_so_in_json(client) -> None:
    answer = client.get("/api/v1/channels", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAYLOAD")
