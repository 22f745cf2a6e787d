"""Whatever is killed, whenever: what was accepted is sent, once."""

import signal
from pathlib import Path

import pytest

from tests.faults.servers import FreeRedis
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]


def test_a_conversion_is_sent_within_two_seconds(stack: Stack) -> None:
    kept = stack.convert(1)
    wait_for(lambda: stack.is_sent(kept["conversionId"]), seconds=2, every=0.05)
    assert stack.accepted_event_ids() == [kept["eventId"]]


@pytest.mark.promise("R1", "R7")
def test_a_worker_killed_while_meta_hangs_loses_nothing(stack: Stack) -> None:
    stack.sandbox.fault(kind="hang", platform="meta", times=1, params={"seconds": 10})
    kept = stack.convert(2)
    wait_for(lambda: stack.sandbox.stats()["meta"]["requests"] >= 1)
    stack.kill("worker")
    assert stack.conversion(kept["conversionId"])["sends"][0]["status"] == "pending"
    stack.start("worker")
    wait_for(lambda: stack.is_sent(kept["conversionId"]), seconds=25)
    assert set(stack.accepted_event_ids()) == {kept["eventId"]}


@pytest.mark.promise("R1")
def test_a_web_process_killed_after_its_answer_loses_nothing(stack: Stack) -> None:
    """No worker heard of the row: the sweep finds it."""
    for name in ("worker", "beat"):
        stack.kill(name)
    kept = stack.convert(3)
    stack.kill("web")
    stack.start("worker", "beat", "web")
    wait_for(lambda: stack.is_sent(kept["conversionId"]))
    assert stack.accepted_event_ids() == [kept["eventId"]]


@pytest.mark.promise("R6")
def test_without_beat_the_workers_own_round_delivers(stack: Stack) -> None:
    for name in ("worker", "beat"):
        stack.kill(name)
    kept = stack.convert(4)
    stack.kill("web")
    stack.start("worker", "web")
    wait_for(lambda: stack.is_sent(kept["conversionId"]))


def test_three_answers_of_500_then_the_fourth_attempt_is_sent(stack: Stack) -> None:
    stack.sandbox.fault(kind="status", platform="meta", times=3, params={"status": 500})
    kept = stack.convert(5)
    wait_for(lambda: stack.is_sent(kept["conversionId"]))
    assert stack.conversion(kept["conversionId"])["sends"][0]["attempts"] == 4
    assert stack.accepted_event_ids() == [kept["eventId"]]


@pytest.mark.promise("R16")
def test_a_stopped_worker_finishes_what_it_holds(stack: Stack) -> None:
    stack.sandbox.fault(kind="slow", platform="meta", times=1, params={"seconds": 1})
    kept = stack.convert(6)
    wait_for(lambda: stack.conversion(kept["conversionId"])["sends"][0]["attempts"] == 1)
    stack.kill("worker", how=signal.SIGTERM)
    assert stack.is_sent(kept["conversionId"])


@pytest.mark.promise("R8")
def test_a_mended_token_lets_everything_go(stack: Stack) -> None:
    # The refusal stays until it is mended: were it for one request, an attempt that times out would use it up.
    stack.sandbox.fault(kind="platform_error", platform="meta", params={"code": 190, "subcode": 463})
    kept = stack.convert(7)
    wait_for(lambda: stack.conversion(kept["conversionId"])["sends"][0].get("lastError"))
    other = stack.convert(8)
    assert stack.conversion(other["conversionId"])["sends"][0]["status"] == "pending"
    stack.sandbox.faults.replace()
    stack.provision("meta", meta_token="EAA-mended")
    wait_for(lambda: set(stack.accepted_event_ids()) == {kept["eventId"], other["eventId"]})


@pytest.mark.promise("R7")
def test_a_worker_killed_while_a_webhook_hangs_tells_it_again(stack: Stack) -> None:
    url = f"{stack.sandbox.url}/webhooks/ours"
    path = f"/api/v1/webhooks/{stack.post('/api/v1/webhooks', {'url': url}).json()['webhookId']}"
    stack.sandbox.webhooks.secrets["ours"] = stack.get(f"{path}/secret").json()["secret"]
    stack.sandbox.fault(kind="hang", platform="webhook", times=1, params={"seconds": 10})
    message_id = stack.post(f"{path}/test", {}).json()["messageId"]
    wait_for(lambda: stack.sandbox.stats()["webhook"]["requests"] >= 1)
    stack.kill("worker")
    stack.start("worker")
    told = wait_for(lambda: [one for one in stack.sandbox.events(platform="webhook") if one["accepted"]], seconds=40)
    assert [one["event_id"] for one in told] == [message_id]


@pytest.mark.promise("R6")
def test_redis_killed_under_load_costs_no_answer_and_no_event(tmp_path: Path, free_redis: FreeRedis) -> None:
    with Stack(tmp_path, redis_url=free_redis.url) as stack:
        stack.provision("meta")
        stack.start("web", "worker", "beat")
        kept = [stack.convert(100 + person) for person in range(10)]
        free_redis.kill()
        kept += [stack.convert(200 + person) for person in range(10)]
        wait_for(lambda: all(stack.is_sent(one["conversionId"]) for one in kept), seconds=30)
        free_redis.start()
        kept += [stack.convert(300 + person) for person in range(10)]
        wait_for(lambda: all(stack.is_sent(one["conversionId"]) for one in kept), seconds=30)
        assert sorted(stack.accepted_event_ids()) == sorted(one["eventId"] for one in kept)
