"""Starting the sandbox by itself."""

import socket
import subprocess
import sys

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.faults.stack import ROOT, free_port, wait_for


def test_a_taken_port_gets_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError, match="Choose another port"):
        call_command("run_sandbox", port=taken.getsockname()[1])


@pytest.mark.processes
@pytest.mark.parametrize("command", [["manage.py", "run_sandbox"], ["-m", "adtarget.sandbox"]])
def test_it_runs_by_itself_until_told_to_stop(command: list[str]) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        assert "Nothing was received yet" in wait_for(lambda: _page(port))
    finally:
        process.terminate()
        process.wait(timeout=10)


def _page(port: int) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=2).text
    except requests.ConnectionError:
        return ""
