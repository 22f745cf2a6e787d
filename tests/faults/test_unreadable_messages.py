"""A worker meets messages that it cannot read: it drops them, counts them, and goes on."""

import json
import os
import re
import uuid
from collections.abc import Iterator

import pytest
import redis

from tests.faults.servers import FreeRedis
from tests.faults.stack import Stack, free_port, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]
SECRET = "marked-content"
TASK = {
    "body": json.dumps([[], {"pixel_id": SECRET}, {}]),
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "headers": {"task": "dispatch.deliver_due", "id": "1", "lang": "py"},
    "properties": {"delivery_tag": "1", "delivery_info": {"exchange": "", "routing_key": "adtarget"}},
}
RUBBISH = [
    b"",
    b"not JSON " + SECRET.encode(),
    b"\xff\xfe\x00",
    b"[]",
    b'"text"',
    b"{}",
    b"1e9999999999999999999",
    *(
        json.dumps(changed).encode()
        for changed in (
            {**TASK, "body": "%%%" + SECRET},
            {**TASK, "body": json.dumps(SECRET)},
            {**TASK, "content-type": "application/x-python-serialize"},
            {**TASK, "content-encoding": "no-such-encoding"},
            {**TASK, "headers": {"task": SECRET, "id": "1"}},
            {**TASK, "headers": SECRET},
            {**TASK, "headers": {}},
            {**TASK, "properties": {}},
            {**TASK, "properties": None},
        )
    ),
]


def put_into_redis(stack: Stack, rubbish: bytes) -> None:
    redis.Redis.from_url(stack.redis_url).lpush("adtarget", rubbish)


def put_into_folder(stack: Stack, rubbish: bytes) -> None:
    queue = stack.folder / "var" / "broker" / "queue"
    (queue / f"0_{uuid.uuid4()}.adtarget.msg").write_bytes(rubbish)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, object]]:
    """Redis in the pass that has it, the embedded broker's folder in the other."""
    folder = tmp_path_factory.mktemp("unreadable")
    server = FreeRedis(folder, free_port()) if os.environ.get("TEST_REDIS_URL") else None
    try:
        with Stack(folder, redis_url=server.url if server else "") as stack:
            stack.provision("meta")
            stack.start("web", "worker")  # no beat: the queue is all that wakes the worker besides its own round
            wait_for(lambda: stack.get("/readyz").status_code == 200)
            yield stack, put_into_redis if server else put_into_folder
    finally:
        if server:
            server.kill()


def dropped(stack: Stack) -> int:
    found = re.search(r"^adtarget_unreadable_messages_total (\S+)", stack.get("/metrics").text, re.MULTILINE)
    return int(float(found[1])) if found else 0


@pytest.mark.promise("S20")
def test_a_worker_outlives_every_unreadable_message(broker) -> None:
    stack, put = broker
    for rubbish in RUBBISH:
        put(stack, rubbish)

    wait_for(lambda: dropped(stack) >= len(RUBBISH), seconds=40, every=1)
    kept = stack.convert(1)
    wait_for(lambda: stack.is_sent(kept["conversionId"]), seconds=10)

    assert stack.get("/readyz").json()["checks"]["workers"]["seen"] == 1
    assert stack.processes["worker"].poll() is None
    assert SECRET not in stack.log("worker")
    assert stack.log("worker").count("unreadable message dropped") == len(RUBBISH)


def test_the_queue_still_brings_work_after_rubbish(broker) -> None:
    """Within less than two sweeps, after which the worker's own round would find it."""
    stack, put = broker
    before = dropped(stack)
    for rubbish in RUBBISH:
        put(stack, rubbish)
    wait_for(lambda: dropped(stack) >= before + len(RUBBISH), seconds=40, every=1)

    kept = [stack.convert(person)["conversionId"] for person in range(10, 15)]
    for one in kept:
        wait_for(lambda one=one: stack.is_sent(one), seconds=5)
