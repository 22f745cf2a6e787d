"""DEBUG is for one's own machine: no server of the product starts with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.stack import free_port

pytestmark = [pytest.mark.processes, pytest.mark.embedded]

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.promise("S18")
@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "adtarget.wsgi", "--config", "python:adtarget.gunicorn_conf"],
        ["gunicorn", "adtarget.wsgi", "--bind", "127.0.0.1:0"],
        ["manage", "run"],
    ],
    ids=["as the Procfile says", "by itself", "manage.py run"],
)
def test_a_server_with_debug_does_not_start(tmp_path: Path, command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    environment |= {"VAR_DIR": str(tmp_path), "ENV_FILE": str(tmp_path / ".env"), "PORT": str(free_port())}
    environment |= {"DEBUG": "true", "DJANGO_SETTINGS_MODULE": "adtarget.settings"}

    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode != 0
    assert "DEBUG is for `manage.py runserver` only" in ended.stderr
