"""The sandbox's TikTok: everything is in the code of the body."""

from typing import Any

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import Client, changed, now, tiktok_event


def test_a_right_event_is_received_and_kept(client: Client, sandbox: Sandbox) -> None:
    answer = client.tiktok()
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (200, 0, "OK")
    assert answer.json()["request_id"].startswith("20")
    [kept] = sandbox.events(platform="tiktok")
    assert (kept["pixel"], kept["name"], kept["event_id"], kept["accepted"]) == ("C4ABC", "Purchase", "cnv_1", True)


def test_a_purchase_without_value_and_currency_is_taken(client: Client) -> None:
    assert client.tiktok({**tiktok_event(), "properties": {}}).json()["code"] == 0


def test_an_event_of_four_weeks_is_taken(client: Client) -> None:
    assert client.tiktok({**tiktok_event(), "event_time": now() - 27 * 86400}).json()["code"] == 0


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("event", ..., "event: Missing data for required field."),
        ("event", "Checkout", "event: Reserved event name."),
        ("event_id", 17, "event_id: Not a valid string."),
        ("event_time", ..., "event_time: Not a valid integer."),
        ("event_time", lambda: now() * 1000, "event_time: Not a valid value: it is not in the future."),
        ("event_time", lambda: now() - 29 * 86400, "event_time: Not a valid value: it is at most 28 days old."),
        ("user", ..., "user: Missing data for required field."),
        ("user.email", "ada@example.com", "user.email: Not a valid value: it is SHA-256 in lower-case hex."),
        ("user.ttclid", "x" * 1001, "user.ttclid: Not a valid value: it has at most 1,000 characters."),
        ("page", ..., "page.url: Missing data for required field."),
        ("properties.value", "49.9", "properties.value: Not a valid number."),
        ("properties.currency", "ALL", "properties.currency: Not a valid value: it is one that TikTok supports."),
        ("properties.contents", [{"content_id": 7}], "properties.contents.0.content_id: Not a valid string"),
        ("limited_data_use", "no", "limited_data_use: Not a valid value: it is true or false."),
    ],
)
def test_a_wrong_event_is_refused(client: Client, sandbox: Sandbox, place: str, value: Any, words: str) -> None:
    answer = client.tiktok(changed(tiktok_event(), place, value))
    assert (answer.status_code, answer.json()["code"]) == (200, 40002)
    assert answer.json()["message"] == f"Batch.0.{words}"
    assert sandbox.stats()["tiktok"]["accepted"] == 0


def test_an_unknown_key_of_the_user_is_not_refused(client: Client) -> None:
    assert client.tiktok(changed(tiktok_event(), "user.ttclidX", "E.C.P.")).json()["code"] == 0


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ({"event_source": "telegram"}, "event_source: "),
        ({"event_source_id": ""}, "event_source_id: "),
        ({"data": []}, "data: "),
        ({"data": [{}] * 1001}, "data: "),
    ],
)
def test_a_wrong_request_is_refused(client: Client, root: dict[str, Any], words: str) -> None:
    answer = client.tiktok(**root).json()
    assert answer["code"] == 40002
    assert answer["message"].startswith(words)


@pytest.mark.parametrize(("token", "code"), [(None, 40104), ("bad", 40105), ("expired", 40102), ("Bearer good", 40105)])
def test_a_wrong_token_is_refused(client: Client, token: str | None, code: int) -> None:
    answer = client.tiktok(token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_the_guilty_event_is_named(client: Client) -> None:
    poisoned = changed(tiktok_event(), "event_id", 5)
    assert client.tiktok(tiktok_event(), poisoned).json()["message"].startswith("Batch.1.event_id")
