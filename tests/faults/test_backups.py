"""A copy of the database, made while events come in, is a whole installation again."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.embedded, pytest.mark.xdist_group("stack")]


@pytest.mark.promise("R21")
def test_a_restored_backup_sends_what_was_open(stack: Stack, tmp_path: Path) -> None:
    stack.kill("worker")
    kept = {stack.convert(person)["eventId"] for person in (501, 502)}
    with sqlite3.connect(stack.folder / "db.sqlite3") as live, sqlite3.connect(tmp_path / "db.sqlite3") as copy:
        live.backup(copy)
    (tmp_path / "var").mkdir()
    shutil.copy(stack.folder / "var" / "secrets.json", tmp_path / "var")

    with Stack(tmp_path) as restored:
        restored.start("worker", "beat")
        wait_for(lambda: set(restored.accepted_event_ids()) == kept)
        wait_for(lambda: "0 open" in restored.manage("audit_sends"))
