"""What the sandbox tells and is told over HTTP."""

import threading

import pytest

from adtarget.sandbox.server import Sandbox
from adtarget.sandbox.store import Store
from tests.sandbox.conftest import Client, meta_event


def test_an_event_that_comes_again_shows_as_a_doubling(client: Client, sandbox: Sandbox) -> None:
    client.meta(meta_event("a"), meta_event("b"))
    client.meta(meta_event("a"))
    expected = {"requests": 2, "events": 3, "accepted": 3, "distinct": 2, "duplicates": 1}
    assert client.control("GET", "stats")["meta"] == sandbox.stats()["meta"] == expected
    assert [kept["times_accepted"] for kept in sandbox.events(event_id="a")] == [1, 2]


def test_the_same_id_under_another_name_or_pixel_is_no_doubling(client: Client, sandbox: Sandbox) -> None:
    client.meta(meta_event("a"))
    client.meta({**meta_event("a"), "event_name": "Lead"})
    client.meta(meta_event("a"), path="/v26.0/2/events")
    assert sandbox.stats()["meta"]["duplicates"] == 0


def test_a_refused_event_that_comes_again_is_no_doubling(client: Client, sandbox: Sandbox) -> None:
    sandbox.fault(kind="status", times=1)
    client.meta()
    client.meta()
    assert sandbox.stats()["meta"]["duplicates"] == 0


def test_events_are_filtered_and_limited(client: Client) -> None:
    for number in range(3):
        client.meta(meta_event(f"m{number}"))
    client.tiktok()
    ids = [kept["event_id"] for kept in client.control("GET", "events?platform=meta&limit=2")]
    assert ids == ["m1", "m2"]
    assert len(client.control("GET", "events?pixel=C4ABC")) == 1
    assert client.control("GET", "events?event_id=nobody") == []


def test_the_token_is_kept_masked(client: Client, sandbox: Sandbox) -> None:
    client.meta(token="EAAsecretsecretsecret")
    client.tiktok(token="short")
    assert [kept["token"] for kept in sandbox.events()] == ["EAAs…et", "…"]


def test_forgetting_forgets_events_and_counts(client: Client, sandbox: Sandbox) -> None:
    client.meta()
    client.control("DELETE", "events")
    assert sandbox.events() == []
    assert sandbox.stats()["meta"]["requests"] == 0


def test_the_newest_events_are_kept_and_all_are_counted(client: Client, sandbox: Sandbox) -> None:
    sandbox.store = Store(sandbox.judges, most_events=2)
    client.meta(*(meta_event(str(number)) for number in range(5)))
    assert [kept["event_id"] for kept in sandbox.events()] == ["3", "4"]
    assert sandbox.stats()["meta"]["distinct"] == 5


def test_faults_are_listed_replaced_added_and_taken_away(client: Client) -> None:
    client.control("PUT", "faults", [{"kind": "cut"}, {"kind": "reset", "times": 2}])
    client.control("POST", "faults", {"kind": "drip", "platform": "meta"})
    listed = client.control("GET", "faults")
    assert [(fault["kind"], fault["times"]) for fault in listed["faults"]] == [
        ("cut", None),
        ("reset", 2),
        ("drip", None),
    ]
    assert "gzip_bomb" in listed["kinds"]
    assert client.control("PUT", "faults", {"kind": "slow"})["faults"][0]["kind"] == "slow"
    assert client.control("DELETE", "faults")["faults"] == []


def test_a_fault_with_an_unknown_field_is_refused_by_name(client: Client) -> None:
    refused = client.control("PUT", "faults", {"kind": "slow", "second": 5})
    assert refused["error"].startswith("A fault has no second. It has: kind, platform")
    assert client.control("GET", "faults")["faults"] == []


def test_without_validation_anything_is_received(client: Client, sandbox: Sandbox) -> None:
    client.control("PUT", "settings", {"validate": False})
    assert client.meta({"event_id": "x"}, token="").json()["events_received"] == 1
    assert client.google({"transactionId": "y"}, token="").json()["requestId"]
    assert sandbox.stats()["google"]["distinct"] == 1


def test_a_latency_holds_for_many_at_once(client: Client, sandbox: Sandbox) -> None:
    client.control("PUT", "settings", {"latency_ms": 200})
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(one_more(sandbox))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=3)
    assert answers == [200] * 50


def one_more(sandbox: Sandbox) -> int:
    other = Client(sandbox.url)
    try:
        return other.meta().status_code
    finally:
        other.session.close()


@pytest.mark.parametrize("told", [{"colour": "red"}, {"latency_ms": "fast"}])
def test_a_setting_that_does_not_exist_is_refused(client: Client, told: dict[str, str]) -> None:
    assert client.control("PUT", "settings", told)["error"]


def test_another_site_cannot_change_anything(client: Client, sandbox: Sandbox) -> None:
    answer = client.post("/_sandbox/faults", {"kind": "cut"}, Origin="https://evil.example")
    assert answer.status_code == 403
    assert sandbox.faults.listed() == []


@pytest.mark.parametrize("path", ["/_sandbox/nothing", "/nothing", "/v26.0/1/activities"])
def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    assert client.post(path, {}).status_code == 404


def test_a_connection_is_kept_between_requests(client: Client, sandbox: Sandbox) -> None:
    for _ in range(5):
        client.meta()
    assert sandbox._server.connections_made == 1
