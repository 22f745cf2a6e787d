"""`bin/run` before anything is installed: each obstacle is one sentence that says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    shutil.copytree(PROJECT / "bin", folder / "bin")
    shutil.copy(PROJECT / "requirements.txt", folder)
    return folder


def python_that(folder: Path, behaves: str) -> str:
    fake = folder / "fake-python"
    fake.write_text(f"#!/bin/sh\n{behaves}\n")
    fake.chmod(0o755)
    return str(fake)


def run(folder: Path, **environment: str) -> str:
    """The last line of what bin/run says before it gives up."""
    ended = subprocess.run(
        [folder / "bin" / "run"], env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.stderr.strip()


def test_an_old_python_is_told_with_what_is_needed(checkout: Path) -> None:
    old = python_that(checkout, '[ "$1" = -V ] && echo "Python 3.9.2" && exit\nexit 1')

    assert run(checkout, PYTHON=old).startswith("AdTarget needs Python 3.11 or newer and found Python 3.9.2.")


def test_a_python_without_venv_is_told_with_the_package_to_install(checkout: Path) -> None:
    python = python_that(checkout, f'[ "$2" = venv ] && exit 1\nexec {sys.executable} "$@"')

    assert run(checkout, PYTHON=python).endswith("On Debian and Ubuntu: apt install python3-venv")


@pytest.mark.parametrize("port", ["abc", "-1", "800000", "80 00", "0"])
def test_a_port_that_is_none_is_told(checkout: Path, port: str) -> None:
    assert run(checkout, PORT=port) == f"PORT must be a number from 1 to 65535, such as PORT=9000, and is '{port}'."


@pytest.mark.processes
def test_a_missing_network_is_told_and_the_next_start_tries_again(checkout: Path) -> None:
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    nowhere |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "PYTHON": sys.executable}

    for _ in range(2):
        assert run(checkout, **nowhere).startswith("The packages could not be installed: check that the package index")
