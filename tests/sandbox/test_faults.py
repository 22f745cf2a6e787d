"""Each fault, on a real socket."""

import gzip
import json
import socket
import time
from typing import Any

import pytest
import requests

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import Client, meta_event, snapchat_event, tiktok_event


def raw_answer(sandbox: Sandbox, *, timeout: float = 5) -> bytes:
    """Everything the sandbox sends to one right event for Meta, down to the end of the connection."""
    body = json.dumps({"data": [meta_event()]}).encode()
    head = (
        "POST /v26.0/1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer good\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=timeout) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_a_status_comes_as_often_as_told_and_then_no_more(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", platform="meta", times=3, params={"status": 500})
    assert [client.meta().status_code for _ in range(4)] == [500, 500, 500, 200]
    assert [kept["accepted"] for kept in sandbox.events()] == [False, False, False, True]
    assert sandbox.events()[0]["fault"] == "status"


def test_a_status_carries_the_body_and_headers_it_was_told(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", params={"status": 429, "headers": {"Retry-After": "soon"}, "body": {"a": 1}})
    answer = client.tiktok()
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "soon", {"a": 1})


def test_skip_lets_so_many_pass_first(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", skip=2, times=1)
    assert [client.meta().status_code for _ in range(4)] == [200, 200, 500, 200]


def test_probability_strikes_some(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", probability=0.5)
    assert {client.meta().status_code for _ in range(40)} == {200, 500}


def test_a_fault_strikes_only_whom_it_was_meant_for(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", platform="meta", pixel="666")
    sandbox.fault(kind="status", platform="tiktok")
    assert client.meta(path="/v26.0/666/events").status_code == client.tiktok().status_code == 500
    assert client.meta().status_code == client.snapchat().status_code == client.google().status_code == 200


def test_a_poisoned_event_is_refused_wherever_it_rides(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="platform_error", platform="snapchat", event_id="poison")
    answer = client.snapchat(snapchat_event("a"), snapchat_event("poison"))
    assert (answer.status_code, answer.json()["event"]) == (400, 1)
    assert client.snapchat(snapchat_event("a")).status_code == 200


@pytest.mark.parametrize(
    ("platform", "params", "status", "place", "value"),
    [
        ("meta", {"code": 190, "subcode": 463}, 400, ("error", "error_subcode"), 463),
        ("meta", {"name": "transient"}, 500, ("error", "is_transient"), True),
        ("meta", {"name": "throttled"}, 400, ("error", "code"), 80004),
        ("tiktok", {"name": "throttled"}, 401, ("code",), 40100),
        ("tiktok", {"code": 51021, "message": "too many"}, 200, ("message",), "too many"),
        ("snapchat", {"name": "auth"}, 401, ("status",), "INVALID"),
        ("google", {"name": "day_quota"}, 429, ("error", "status"), "RESOURCE_EXHAUSTED"),
        ("google", {"reason": "NOT_ALLOWLISTED"}, 400, ("error", "details", 0, "reason"), "NOT_ALLOWLISTED"),
    ],
)
def test_a_platform_refuses_in_its_own_words(
    client: Client, sandbox: Sandbox, platform: str, params: Any, status: int, place: Any, value: Any
) -> None:
    sandbox.fault(kind="platform_error", platform=platform, params=params)
    answer = getattr(client, platform)()
    found = answer.json()
    for step in place:
        found = found[step]
    assert (answer.status_code, found) == (status, value)


def test_slow_answers_rightly_but_late(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="slow", params={"seconds": 0.3})
    started = time.monotonic()
    assert client.meta().json()["events_received"] == 1
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(("kind", "is_accepted"), [("hang", False), ("hang_after_processing", True)])
def test_hanging_answers_nothing(sandbox: Sandbox, kind: str, is_accepted: bool) -> None:
    sandbox.fault(kind=kind, params={"seconds": 0.2})
    assert raw_answer(sandbox) == b""
    assert [kept["accepted"] for kept in sandbox.events()] == [is_accepted]


def test_a_cut_answer_promises_more_than_it_sends(sandbox: Sandbox) -> None:
    sandbox.fault(kind="cut")
    head, _, body = raw_answer(sandbox).partition(b"\r\n\r\n")
    promised = int(head.rpartition(b"Content-Length: ")[2])
    assert 0 < len(body) < promised
    assert sandbox.stats()["meta"]["accepted"] == 1


@pytest.mark.parametrize(("kind", "body"), [("empty200", b""), ("html200", b"<!doctype")])
def test_a_200_may_say_nothing(client: Client, sandbox: Sandbox, kind: str, body: bytes) -> None:
    sandbox.fault(kind=kind)
    answer = client.meta()
    assert answer.status_code == 200
    assert answer.content.startswith(body)
    assert len(answer.content) == 0 or body
    assert sandbox.stats()["meta"]["accepted"] == 0


def test_a_wrong_count_is_one_less(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="wrong_count")
    assert client.meta(meta_event("a"), meta_event("b")).json()["events_received"] == 1
    assert client.tiktok(tiktok_event()).json() == {}


@pytest.mark.parametrize("kind", ["drip", "drip_headers"])
def test_dripping_takes_its_time(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault(kind=kind, params={"seconds": 0.002})
    started = time.monotonic()
    assert json.loads(raw_answer(sandbox).partition(b"\r\n\r\n")[2])["events_received"] == 1
    assert time.monotonic() - started > 0.1


def test_a_huge_answer_is_as_long_as_told(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="huge", params={"megabytes": 2})
    assert len(client.meta().content) == 2_000_000


def test_a_gzip_bomb_is_small_until_opened(sandbox: Sandbox) -> None:
    sandbox.fault(kind="gzip_bomb", params={"megabytes": 3})
    head, _, body = raw_answer(sandbox).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(body) < 100_000
    assert len(gzip.decompress(body)) == 3_000_000


def test_a_redirect_is_noticed_when_followed(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="redirect")
    answer = client.meta()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/_sandbox/redirected")
    assert client.control("GET", "settings")["redirects_followed"] == 0
    requests.get(f"{client.url}{answer.headers['Location']}", timeout=5)
    assert client.control("GET", "settings")["redirects_followed"] == 1


def test_a_reset_is_a_reset(sandbox: Sandbox) -> None:
    sandbox.fault(kind="reset")
    with pytest.raises(ConnectionResetError):
        raw_answer(sandbox)


def test_whether_events_are_taken_can_be_told(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", times=1, params={"status": 500, "processed": True})
    assert client.meta().status_code == 500
    assert sandbox.stats()["meta"]["accepted"] == 1


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "earthquake"},
        {"kind": "slow", "platform": "myspace"},
        {"kind": "slow", "probability": 2},
        {"kind": "slow", "params": 3},
        {"kind": "slow", "mood": "bad"},
        {"kind": "platform_error", "platform": "meta", "params": {"name": "terms"}},
        {},
        7,
    ],
)
def test_a_fault_that_cannot_come_true_is_refused(client: Client, told: Any) -> None:
    assert client.control("PUT", "faults", told)["error"]
    assert client.control("GET", "faults")["faults"] == []


def test_stopping_releases_whoever_waits(sandbox: Sandbox) -> None:
    sandbox.fault(kind="hang", params={"seconds": 600})
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        connection.sendall(b"POST /v26.0/1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        while not sandbox.stats()["meta"]["requests"]:
            time.sleep(0.01)
        sandbox.close()
        assert connection.recv(10) == b""


def test_a_request_cut_short_is_not_judged(sandbox) -> None:
    """As from a worker that was killed between the head and the body."""
    with socket.create_connection(("127.0.0.1", sandbox.port)) as connection:
        connection.sendall(b"POST /webhooks/ours HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)

    assert sandbox.events() == []
