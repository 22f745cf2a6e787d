"""The sandbox's Meta: what it takes, what it refuses and in which words."""

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import Client, changed, meta_event, now

DAY = 86400


def test_a_right_event_is_received_and_kept(client: Client, sandbox: Sandbox) -> None:
    answer = client.meta()
    assert answer.status_code == 200
    assert answer.json()["events_received"] == 1
    assert answer.json()["fbtrace_id"].startswith("A")
    [kept] = sandbox.events(platform="meta")
    assert (kept["pixel"], kept["event_id"], kept["accepted"]) == ("1234567890", "cnv_1", True)
    assert kept["event"]["custom_data"]["value"] == 49.9
    assert all(check["ok"] for check in kept["checks"])


@pytest.mark.parametrize(
    ("place", "value", "field", "subcode"),
    [
        ("event_name", ..., "event_name", None),
        ("event_id", 7, "event_id", None),
        ("event_time", ..., "event_time", None),
        ("event_time", "1792000000", "event_time", None),
        ("event_time", lambda: now() * 1000, "event_time", None),
        ("event_time", lambda: now() + 3600, "event_time", None),
        ("event_time", lambda: now() - 8 * DAY, "event_time", 2804003),
        ("action_source", "web", "action_source", None),
        ("action_source", ["website"], "action_source", None),
        ("event_source_url", ..., "event_source_url", None),
        ("user_data.client_user_agent", ..., "client_user_agent", None),
        ("user_data.em", ["ada@example.com"], "em", None),
        ("user_data.em", [hashlib.sha256(b"").hexdigest()], "em", None),
        ("user_data.em", ["A" * 64], "em", None),
        ("user_data.fbc", "fb.1.1791990000123", "fbc", 2804001),
        ("user_data.fbc", "fb.1.1791990000123.fb.1.1791990000123.IwAR0", "fbc", 2804001),
        ("user_data.fbc", "fb.1.1791990000123.IwAR0%20", "fbc", 2804001),
        ("user_data.fbc", "fb.1.1791990000123.IwAR0?utm_source=fb", "fbc", 2804001),
        ("user_data.fbc", "fb.1.1791990000123.IwAR0.abc", "fbc", 2804001),
        ("user_data.fbc", "fb.x.1791990000123.IwAR0", "fbc", 2804001),
        ("user_data.fbp", "1116446470", "fbp", None),
        ("user_data.fbp", "fb.1.1791990000000.abc", "fbp", None),
        ("user_data.client_ip_address", "a" * 64, "client_ip_address", None),
        ("custom_data", {}, "value", None),
        ("custom_data.currency", ..., "currency", None),
        ("custom_data.value", "49.9", "value", None),
        ("custom_data.value", -1, "value", None),
        ("custom_data.order_id", 17, "order_id", None),
        ("data_processing_options", ["CCPA"], "data_processing_options", None),
    ],
)
def test_a_wrong_event_is_refused(
    client: Client, sandbox: Sandbox, place: str, value: Any, field: str, subcode: int | None
) -> None:
    answer = client.meta(changed(meta_event(), place, value))
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["code"], error.get("error_subcode"), error["type"]) == (100, subcode, "OAuthException")
    assert error["message"].startswith(f"data[0].{field}:")
    [kept] = sandbox.events()
    assert not kept["accepted"]
    assert next(check["field"] for check in kept["checks"] if not check["ok"]) == field


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"client_user_agent": "Mozilla"},
        {"ct": ["a" * 64], "country": ["b" * 64], "client_user_agent": "Mozilla"},
        {"db": ["a" * 64], "client_user_agent": "Mozilla"},
        {"fn": ["a" * 64], "ge": ["b" * 64]},
        {"ln": ["a" * 64], "ge": ["b" * 64]},
    ],
)
def test_user_data_that_names_nobody_is_refused(client: Client, user: dict[str, Any]) -> None:
    event = {**meta_event(), "action_source": "chat", "user_data": user}
    assert "user_data" in client.meta(event).json()["error"]["message"]


@pytest.mark.parametrize("appendix", ["", ".AQ", ".AQIBAQIB"])
def test_the_parameter_builders_appendix_is_taken(client: Client, appendix: str) -> None:
    user = {"fbc": f"fb.1.1791990000123.IwAR0{appendix}", "fbp": f"fb.1.1791990000000.11{appendix}"}
    event = meta_event()
    assert client.meta({**event, "user_data": {**event["user_data"], **user}}).status_code == 200


def test_a_systems_event_needs_no_page(client: Client) -> None:
    event = {**meta_event(), "action_source": "system_generated", "user_data": {"em": ["a" * 64]}}
    del event["event_source_url"]
    assert client.meta(event).status_code == 200


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        (None, 400),
        ("wrong", 400),
        # echo -n EAA-prove | openssl dgst -sha256 -hmac sandbox-app-secret
        ("756f491e8f5e6ece84059b6e6c57051a85c5658321c4a3e1df532c3d6c32586a", 200),
    ],
)
def test_an_app_may_ask_for_the_proof_of_its_secret(client: Client, proof: str | None, status: int) -> None:
    body = {"data": [meta_event()], **({"appsecret_proof": proof} if proof else {})}
    answer = client.post("/v26.0/1/events", body, Authorization="Bearer EAA-prove")
    assert answer.status_code == status
    assert status == 200 or "appsecret_proof" in answer.json()["error"]["message"]


def test_an_event_of_a_shop_may_be_two_months_old(client: Client) -> None:
    event = {**meta_event(), "action_source": "physical_store", "event_time": now() - 60 * DAY}
    assert client.meta(event).status_code == 200


def test_one_bad_event_refuses_the_whole_request(client: Client, sandbox: Sandbox) -> None:
    poisoned = changed(meta_event("bad_one"), "user_data.fbc", "x")
    answer = client.meta(meta_event("a"), poisoned, meta_event("b"))
    assert answer.json()["error"]["message"].startswith("data[1].")
    assert [kept["accepted"] for kept in sandbox.events()] == [False, False, False]


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1000, 200), (1001, 400)])
def test_a_request_holds_up_to_a_thousand_events(client: Client, count: int, status: int) -> None:
    body = {"data": [meta_event(str(number)) for number in range(count)]}
    assert client.post("/v26.0/1/events", body, Authorization="Bearer good").status_code == status


@pytest.mark.parametrize(
    ("token", "code", "subcode"), [("", 2500, None), ("EAA-bad", 190, None), ("EAA-expired", 190, 463)]
)
def test_a_wrong_token_is_refused(client: Client, sandbox: Sandbox, token: str, code: int, subcode: int | None) -> None:
    error = client.meta(token=token).json()["error"]
    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert sandbox.stats()["meta"]["accepted"] == 0


def test_the_token_may_come_in_the_query_or_in_a_form(client: Client) -> None:
    path = "/v26.0/1234567890/events"
    assert client.post(f"{path}?access_token=good", {"data": [meta_event()]}).status_code == 200
    form = urlencode({"access_token": "good", "data": json.dumps([meta_event()])})
    answer = client.post(path, form, Content_Type="application/x-www-form-urlencoded")
    assert answer.json()["events_received"] == 1


def test_an_unknown_pixel_is_refused(client: Client) -> None:
    error = client.meta(path="/v25.0/nobody/events").json()["error"]
    assert (error["code"], error["error_subcode"]) == (100, 33)


def test_only_listed_tokens_are_good_where_there_is_a_list(client: Client) -> None:
    client.control("PUT", "settings", {"tokens": ["EAA-one"]})
    assert client.meta(token="EAA-one").status_code == 200
    assert client.meta(token="EAA-two").json()["error"]["code"] == 190


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"data": 1}', b'{"data": [1]}', b'{"data": [{"event_time": NaN}]}']
)
def test_a_broken_body_is_refused(client: Client, body: bytes) -> None:
    assert client.post("/v26.0/1/events", body, Authorization="Bearer good").json()["error"]["code"] == 100
