"""`manage.py run`: one tree of processes, seen from outside."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stack import ROOT, migrated_sqlite, wait_for
from tests.operating.tree import Tree

pytestmark = [pytest.mark.processes, pytest.mark.embedded, pytest.mark.xdist_group("demo")]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """A tree of the test's own, migrated already: the demo shows that it migrates by itself."""
    (tmp_path / "var").mkdir()
    shutil.copy(migrated_sqlite(), tmp_path / "var" / "adtarget.sqlite3")
    running = Tree(tmp_path)
    try:
        wait_for(running.is_ready)
        yield running
    finally:
        running.stop()


def is_gone(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_every_process_of_the_procfile_runs_and_stops_with_a_ctrl_c(tree: Tree) -> None:
    pids = list(tree.children().values())
    assert len(pids) == len((ROOT / "Procfile").read_text().splitlines())

    tree.supervisor.send_signal(signal.SIGINT)

    assert tree.supervisor.wait(timeout=10) == 0
    assert all(is_gone(pid) for pid in pids)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux to tell the children")
def test_a_killed_supervisor_leaves_no_orphan(tree: Tree) -> None:
    pids = list(tree.children().values())

    tree.supervisor.kill()
    tree.supervisor.wait()

    wait_for(lambda: all(is_gone(pid) for pid in pids), seconds=15)


def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = os.environ | {"VAR_DIR": str(tmp_path), "PORT": str(port)}
        environment["DJANGO_SETTINGS_MODULE"] = "adtarget.settings"
        refused = subprocess.run(
            [sys.executable, "manage.py", "run"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert refused.returncode != 0
    assert f"Port {port} cannot be used (Address already in use). Choose another: PORT=9000 bin/run" in refused.stderr


# ------------------------------------------------------------------ the demo
def pasted(output: str) -> list[str]:
    """The printed curl as the shell would split it."""
    return shlex.split(re.search(r"^curl .*?\}'$", output, re.MULTILINE | re.DOTALL).group().replace("\\\n", " "))


def run_curl(words: list[str]) -> dict[str, Any]:
    """What curl would do with these words."""
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode() if "-d" in words else None
    address = next(word for word in words if word.startswith("http"))
    with urllib.request.urlopen(urllib.request.Request(address, data=body, headers=headers)) as answer:
        return json.loads(answer.read())


def test_the_printed_curl_is_sent_within_two_seconds(demo: Tree) -> None:
    look = re.search(r"^curl -s -H .*/leads/\d+$", demo.output(), re.MULTILINE).group()

    answer = run_curl(pasted(demo.output()))

    assert (answer["dispatched"], answer["coldLead"]) == (True, True)
    wait_for(lambda: run_curl(shlex.split(look))["conversions"][0]["capiStatus"] == "sent", seconds=2)
    assert answer["eventId"] in sandbox_page(demo)


def sandbox_page(tree: Tree) -> str:
    address = re.search(r"Sandbox +(http://\S+)", tree.output()).group(1)
    with urllib.request.urlopen(address) as answer:
        return answer.read().decode()


def test_a_killed_process_is_started_again(demo: Tree) -> None:
    killed = demo.pid_of("celery --quiet --app adtarget.beat beat")
    os.kill(killed, signal.SIGKILL)

    wait_for(lambda: demo.pid_of("celery --quiet --app adtarget.beat beat") not in (0, killed))
    assert re.search(r"beat +\| killed by SIGKILL; starting again in 0.5 s", demo.output())


@pytest.mark.promise("S2")
def test_no_secret_stands_in_the_process_list_or_in_a_readable_file(demo: Tree) -> None:
    folder = demo.log.parent / "var"
    kept = json.loads((folder / "demo.json").read_text())
    programs = " ".join(demo.children()) + (Path("/proc") / str(demo.supervisor.pid) / "cmdline").read_text()

    assert kept["token"] not in programs
    assert kept["password"] not in programs
    for name in ("demo.json", "greeting.txt", "secrets.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name


def test_the_sandbox_brings_updates_by_itself_so_no_process_polls_for_them(demo: Tree) -> None:
    wait_for(lambda: re.search(r"telegram +\|   VIP signals .*: ready", demo.output()))

    wait_for(lambda: len(demo.children()) == len((ROOT / "Procfile").read_text().splitlines()) + 1)


@pytest.mark.promise("R20")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_idle_demo_stays_under_400_megabytes(demo: Tree) -> None:
    wait_for(lambda: len(demo.children()) == len((ROOT / "Procfile").read_text().splitlines()) + 1)

    assert sum(map(memory_of, tree_of(demo.supervisor.pid))) < 400


def tree_of(pid: int) -> list[int]:
    """A process and all below it."""
    children = (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
    return [pid, *(each for child in children for each in tree_of(int(child)))]


def memory_of(pid: int) -> float:
    """Resident, in megabytes."""
    status = (Path("/proc") / str(pid) / "status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
