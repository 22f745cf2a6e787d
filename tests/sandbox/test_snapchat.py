"""The sandbox's Snapchat, with `validate`."""

from typing import Any

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import AGENT, HASH, Client, changed, now, snapchat_event


def test_a_right_event_is_received_and_kept(client: Client, sandbox: Sandbox) -> None:
    answer = client.snapchat()
    assert (answer.status_code, answer.json()["status"]) == (200, "VALID")
    [kept] = sandbox.events(platform="snapchat")
    assert (kept["name"], kept["event_id"], kept["accepted"], kept["test"]) == ("PURCHASE", "cnv_1", True, False)


@pytest.mark.parametrize("currency", ["GEL", "UZS"])
def test_any_currency_is_taken(client: Client, currency: str) -> None:
    assert client.snapchat(changed(snapchat_event(), "custom_data.currency", currency)).status_code == 200


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        ("event_name", "Purchase", "event_name"),
        ("event_id", 7, "event_id"),
        ("event_time", lambda: now() * 1000, "event_time"),
        ("event_time", lambda: now() - 8 * 86400, "event_time"),
        ("event_time", lambda: str(now()), "event_time"),
        ("action_source", "TELEGRAM", "action_source"),
        ("event_source_url", ..., "event_source_url"),
        ("user_data", {"sc_click_id": "ad5f"}, "user_data"),
        ("user_data", {"client_ip_address": "203.0.113.9"}, "user_data"),
        ("user_data.em", HASH, "em"),
        ("user_data.em", ["ada@example.com"], "em"),
        ("user_data.client_ip_address", HASH, "client_ip_address"),
        ("custom_data", {}, "value"),
        ("custom_data.value", "49.9", "value"),
        ("custom_data.currency", "usd", "currency"),
    ],
)
def test_a_wrong_event_is_refused(client: Client, sandbox: Sandbox, place: str, value: Any, field: str) -> None:
    answer = client.snapchat(changed(snapchat_event(), place, value))
    assert (answer.status_code, answer.json()["status"]) == (400, "INVALID")
    assert f"Param data['{field}'] " in answer.json()["error_msgs"][0]
    assert sandbox.stats()["snapchat"]["accepted"] == 0


@pytest.mark.parametrize("user", [{"ph": [HASH]}, {"client_ip_address": "2001:db8::1", "client_user_agent": AGENT}])
def test_phone_alone_or_address_with_agent_is_enough(client: Client, user: dict[str, Any]) -> None:
    assert client.snapchat({**snapchat_event(), "user_data": user}).status_code == 200


def test_a_guilty_event_among_others_is_named_by_index(client: Client) -> None:
    answer = client.snapchat(snapchat_event(), changed(snapchat_event(), "event_name", "x")).json()
    assert answer["event"] == 1
    assert "event_name" in answer["errors"]["error_msgs"][0]


def test_validate_counts_nothing_and_tells_about_each_event(client: Client, sandbox: Sandbox) -> None:
    assert client.snapchat(suffix="/validate").json()["event_logs"][0]["status"] == "VALID"
    answer = client.snapchat(snapchat_event(), changed(snapchat_event(), "event_time", 1), suffix="/validate").json()
    assert answer["status"] == "INVALID"
    assert [log["status"] for log in answer["event_logs"]] == ["VALID", "INVALID"]
    assert sandbox.stats()["snapchat"]["distinct"] == 0


@pytest.mark.parametrize("token", ["", "bad", "expired"])
def test_a_wrong_token_is_refused(client: Client, token: str) -> None:
    assert client.snapchat(token=token).status_code == 401


def test_a_pixel_that_calls_itself_unknown_is_unknown(client: Client) -> None:
    assert client.post("/v3/unknown/events?access_token=good", {"data": [snapchat_event()]}).status_code == 404


@pytest.mark.parametrize(("count", "status"), [(0, 400), (2000, 200), (2001, 400)])
def test_a_request_holds_up_to_two_thousand_events(client: Client, count: int, status: int) -> None:
    path = "/v3/0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f/events?access_token=good"
    assert client.post(path, {"data": [snapchat_event(str(one)) for one in range(count)]}).status_code == status
