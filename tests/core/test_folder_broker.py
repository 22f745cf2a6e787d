"""The embedded broker, between two connections that know nothing of each other."""

import json
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from adtarget.core import folder_broker, transports  # noqa: F401  (names the scheme)


@pytest.fixture
def connection(tmp_path: Path):
    folder_broker.Transport.global_state.clear()  # each test starts as a process does
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    with Connection("folder://", transport_options=folders | {"control_folder": tmp_path}) as made:
        yield made


def test_messages_come_out_whole_and_in_their_order(connection: Connection) -> None:
    queue = connection.SimpleQueue("adtarget")
    for number in range(12):
        queue.put({"n": number})

    assert [queue.get(block=False).payload["n"] for _ in range(12)] == list(range(12))


@pytest.mark.redis
@pytest.mark.parametrize("rubbish", [b"", b'{"body": ', b"\xff\xfe"])
def test_an_unreadable_message_is_dropped_and_the_next_one_comes(connection, tmp_path, rubbish) -> None:
    queue = connection.SimpleQueue("adtarget")
    (tmp_path / "0_cut.adtarget.msg").write_bytes(rubbish)
    queue.put({"n": 1})

    assert queue.get(block=False).payload == {"n": 1}
    with pytest.raises(Empty):
        queue.get(block=False)


def test_a_cut_table_of_bindings_is_made_anew(connection, tmp_path) -> None:
    (tmp_path / "adtarget.exchange").write_text('[["adtarget", ')

    queue = connection.SimpleQueue("adtarget")
    queue.put({"n": 1})

    assert queue.get(block=False).payload == {"n": 1}
    assert json.loads((tmp_path / "adtarget.exchange").read_text())


def test_no_half_of_a_message_ever_stands_under_its_final_name(connection, tmp_path, monkeypatch) -> None:
    queue = connection.SimpleQueue("adtarget")
    monkeypatch.setattr(folder_broker.os, "replace", lambda *_: pytest.fail("killed before the rename"))

    with pytest.raises(pytest.fail.Exception):
        queue.put({"n": 1})

    assert not list(tmp_path.glob("*.msg"))
