"""The sandbox's Google: ingestion, its later diagnostics, and the token endpoint."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import HASH, Client, changed, google_document, google_event, now

SCOPE = "https://www.googleapis.com/auth/datamanager"


def status_of(client: Client, request_id: str) -> dict[str, Any]:
    url = f"{client.url}/v1/requestStatus:retrieve?requestId={request_id}"
    answer = client.session.get(url, headers={"Authorization": "Bearer ya29.good"}, timeout=5)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["requestStatusPerDestination"][0])


def reasons(answer: dict[str, Any]) -> list[str]:
    details = {one["@type"].rpartition(".")[2]: one for one in answer["error"]["details"]}
    return [details["ErrorInfo"]["reason"], *(one["field"] for one in details["BadRequest"]["fieldViolations"])]


def test_a_right_event_is_received_and_kept(client: Client, sandbox: Sandbox) -> None:
    answer = client.google()
    assert answer.status_code == 200
    assert answer.json()["requestId"]
    [kept] = sandbox.events(platform="google")
    assert (kept["pixel"], kept["name"], kept["event_id"]) == ("1234567890", "7654321", "cnv_1")


def test_snake_case_is_read_as_well(client: Client) -> None:
    event = {
        "event_timestamp": google_event()["eventTimestamp"],
        "event_source": "WEB",
        "ad_identifiers": {"gclid": "Cj"},
    }
    assert client.google(event).status_code == 200


@pytest.mark.parametrize(
    ("place", "value", "reason", "field"),
    [
        ("destinationReferences", ["d2"], "REQUIRED_FIELD_MISSING", "destination_references"),
        ("eventTimestamp", ..., "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventTimestamp", "2026-10-12 09:30:00Z", "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventTimestamp", "2026-10-12T09:30:00", "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventTimestamp", "2026-02-30T09:30:00Z", "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventTimestamp", "2099-10-12T09:30:00Z", "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventTimestamp", lambda: now(), "EVENT_TIME_INVALID", "event_timestamp"),
        ("eventSource", "APP", "EVENT_SOURCE_AND_DESTINATION_MISMATCH", "event_source"),
        ("transactionId", "x" * 65, "INVALID_ARGUMENT", "transaction_id"),
        ("conversionValue", "49.9", "INVALID_NUMBER_FORMAT", "conversion_value"),
        ("adIdentifiers", {"gbraid": "G", "wbraid": "W"}, "INVALID_AD_IDENTIFIERS", "ad_identifiers"),
        *(
            ("adIdentifiers", {"sessionAttributes": value}, "INVALID_ARGUMENT", "ad_identifiers.session_attributes")
            for value in ("eyJhIjoiYiJ9", "eyJnYWRfc291cmNlIjoiMSJ9==", "not base64", "e30", "e" * 4004, 7)
        ),
        (
            "adIdentifiers",
            {"gclid": "Cj", "landingPageDeviceInfo": {"ipAddress": "somewhere"}},
            "INVALID_IP_ADDRESS",
            "ad_identifiers.landing_page.ip_address",
        ),
        ("currency", "usd", "INVALID_CURRENCY_CODE", "currency"),
        ("userData.userIdentifiers", [{"emailAddress": "zz"}], "INVALID_HEX_ENCODING", "user_data.user_identifiers[0]"),
        (
            "userData.userIdentifiers",
            [{"emailAddress": "ab"}],
            "INVALID_SHA256_FORMAT",
            "user_data.user_identifiers[0]",
        ),
        (
            "userData.userIdentifiers",
            [{"emailAddress": HASH}, {"emailAddress": HASH, "phoneNumber": HASH}],
            "INVALID_ARGUMENT",
            "user_data.user_identifiers[1]",
        ),
        (
            "userData.userIdentifiers",
            [{"address": {"givenName": HASH, "familyName": HASH}}],
            "REQUIRED_FIELD_MISSING",
            "user_data.user_identifiers[0].address",
        ),
        (
            "userData.userIdentifiers",
            [{"phoneNumber": HASH}] * 11,
            "TOO_MANY_USER_IDENTIFIERS",
            "user_data.user_identifiers",
        ),
    ],
)
def test_a_wrong_event_is_refused(
    client: Client, sandbox: Sandbox, place: str, value: Any, reason: str, field: str
) -> None:
    answer = client.google(google_event("a"), changed(google_event("b"), place, value))
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert reasons(answer.json()) == [reason, f"events.events[1].{field}"]
    assert [kept["accepted"] for kept in sandbox.events()] == [False, False]


def test_session_attributes_alone_are_an_identifier(client: Client) -> None:
    event = {**google_event(), "adIdentifiers": {"sessionAttributes": "eyJnYWRfc291cmNlIjoiMSJ9"}}
    assert client.google(event).status_code == 200


def test_an_event_without_any_identifier_is_refused(client: Client) -> None:
    event = {key: google_event()[key] for key in ("eventTimestamp", "eventSource", "transactionId")}
    assert reasons(client.google(event).json())[0] == "NO_IDENTIFIERS_PROVIDED"


@pytest.mark.parametrize(
    ("event", "root", "told"),
    [
        ({"gclid": "Cj0"}, {}, 'Unknown name "gclid"'),
        ({}, {"validateonly": True}, 'Unknown name "validateonly"'),
        ({"eventSource": "TELEGRAM"}, {}, "TYPE_ENUM"),
        ({}, {"encoding": "hex"}, "TYPE_ENUM"),
        ({}, {"consent": {"adUserData": "GRANTED"}}, "TYPE_ENUM"),
    ],
)
def test_what_the_parser_does_not_know_has_no_reason(
    client: Client, event: dict[str, Any], root: dict[str, Any], told: str
) -> None:
    error = client.google({**google_event(), **event}, **root).json()["error"]
    assert told in error["message"]
    assert [one["@type"].rpartition(".")[2] for one in error["details"]] == ["BadRequest"]


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("operatingAccount.accountId", "123-456-7890", "INVALID_NUMBER_FORMAT"),
        ("operatingAccount.accountId", 1234567890, "INVALID_NUMBER_FORMAT"),
        ("productDestinationId", "customers/1/conversionActions/2", "INVALID_CONVERSION_ACTION_ID"),
    ],
)
def test_a_wrong_destination_is_refused(client: Client, place: str, value: Any, reason: str) -> None:
    destination = changed(google_document()["destinations"][0], place, value)
    assert reasons(client.google(destinations=[destination]).json())[0] == reason


def test_two_thousand_and_one_events_are_refused_with_the_wrong_number(client: Client) -> None:
    answer = client.google(*[google_event()] * 2001).json()
    assert "10000" in answer["error"]["details"][2]["fieldViolations"][0]["description"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "CREDENTIALS_MISSING"), ("ya29.expired", "ACCESS_TOKEN_EXPIRED"), ("bad", "ACCESS_TOKEN_TYPE_UNSUPPORTED")],
)
def test_a_wrong_token_is_refused(client: Client, token: str, reason: str) -> None:
    answer = client.google(token=token)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert answer.json()["error"]["details"][0]["reason"] == reason


# ------------------------------------------------------------------ diagnostics
def test_an_accepted_request_is_told_about_later(client: Client) -> None:
    request_id = client.google().json()["requestId"]
    client.control("PUT", "settings", {"diagnostics_seconds": 60})
    assert status_of(client, request_id)["requestStatus"] == "PROCESSING"
    client.control("PUT", "settings", {"diagnostics_seconds": 0})
    found = status_of(client, request_id)
    assert (found["requestStatus"], found["eventsIngestionStatus"]) == ("SUCCESS", {"recordCount": "1"})


def test_what_was_dropped_is_told_by_reason(client: Client) -> None:
    wrong = changed(google_event("b"), "adIdentifiers.gclid", "invalid")
    found = status_of(client, client.google(google_event("a"), wrong).json()["requestId"])
    assert found["requestStatus"] == "PARTIAL_SUCCESS"
    assert found["errorInfo"]["errorCounts"] == [
        {"recordCount": "1", "reason": "PROCESSING_ERROR_REASON_INVALID_GCLID"}
    ]


def test_the_same_transaction_again_is_dropped_later(client: Client) -> None:
    client.google()
    found = status_of(client, client.google().json()["requestId"])
    assert found["errorInfo"]["errorCounts"][0]["reason"].endswith("DUPLICATE_TRANSACTION_ID")


def test_events_without_consent_are_dropped_later(client: Client) -> None:
    request_id = client.google(consent={"adUserData": "CONSENT_DENIED"}).json()["requestId"]
    assert status_of(client, request_id)["errorInfo"]["errorCounts"][0]["reason"].endswith("DENIED_CONSENT")


def test_validating_only_leaves_no_diagnostics(client: Client, sandbox: Sandbox) -> None:
    request_id = client.google(validateOnly=True).json()["requestId"]
    url = f"{client.url}/v1/requestStatus:retrieve?requestId={request_id}"
    assert client.session.get(url, headers={"Authorization": "Bearer good"}, timeout=5).status_code == 404
    assert sandbox.stats()["google"]["distinct"] == 0


# ------------------------------------------------------------------ tokens
def exchange(client: Client, **form: str) -> Any:
    return client.post("/token", urlencode(form), Content_Type="application/x-www-form-urlencoded")


def refresh(client: Client, **changes: str) -> Any:
    form = {"grant_type": "refresh_token", "client_id": "id", "client_secret": "secret", "refresh_token": "1//good"}
    return exchange(client, **{**form, **changes})


def assertion(**changes: Any) -> str:
    claims = {"iss": "a@b.example", "scope": SCOPE, "aud": "https://x/token", "iat": now(), "exp": now() + 3600}
    parts = ({"alg": "RS256", "typ": "JWT"}, {**claims, **changes})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2ln"])


def test_a_refresh_token_buys_an_access_token(client: Client, sandbox: Sandbox) -> None:
    answer = refresh(client)
    assert answer.json()["expires_in"] == 3599
    assert client.google(token=answer.json()["access_token"]).status_code == 200
    assert sandbox.stats()["oauth"]["requests"] == 1
    assert {kept["platform"] for kept in sandbox.events()} == {"google"}


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "1//expired"}, 400, "invalid_grant"),
        ({"client_secret": "bad"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused(client: Client, changes: dict[str, str], status: int, error: str) -> None:
    answer = refresh(client, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_a_service_account_buys_an_access_token(client: Client) -> None:
    assert exchange(client, grant_type=JWT_BEARER, assertion=assertion()).json()["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (lambda: assertion(exp=now() - 1), "invalid_grant"),
        (lambda: assertion(exp=now() + 7200), "invalid_grant"),
        (lambda: assertion(scope="openid"), "invalid_scope"),
        (lambda: "nonsense", "invalid_grant"),
    ],
)
def test_a_wrong_assertion_is_refused(client: Client, given: Callable[[], str], error: str) -> None:
    assert exchange(client, grant_type=JWT_BEARER, assertion=given()).json()["error"] == error
