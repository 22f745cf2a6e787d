"""A variable that is set but empty counts as unset: every one of .env.example."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.embedded]

PROJECT = Path(__file__).resolve().parents[2]
NAMES = re.findall(r"^#?\s?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)
# Reads the settings anew for each variable, as a process that starts with it does.
READ_ALL = """
import json, os, runpy, sys
def read(name=None):
    for other in json.loads(sys.argv[1]):
        os.environ.pop(other, None)
    os.environ.update({"VAR_DIR": sys.argv[2], "ENV_FILE": sys.argv[2] + "/none"})
    if name:
        os.environ[name] = ""
    try:
        found = runpy.run_path("adtarget/settings.py")
    except Exception as error:
        return repr(error)
    return {key: repr(value) for key, value in found.items() if key.isupper() and key != "LOGGING"}
unset = read()
print(json.dumps({name: read(name) == unset for name in json.loads(sys.argv[1])}))
"""


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    return kept | {"DJANGO_SETTINGS_MODULE": "adtarget.settings"} | more


def test_each_variable_empty_is_as_unset(tmp_path: Path) -> None:
    names = [name for name in NAMES if name not in {"VAR_DIR", "ENV_FILE"}]
    read = subprocess.run(
        [sys.executable, "-c", READ_ALL, json.dumps(names), str(tmp_path)],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert json.loads(read.stdout) == dict.fromkeys(names, True)


def test_it_starts_with_every_variable_empty(tmp_path: Path) -> None:
    code = "import django; django.setup(); from django.core.management import call_command; call_command('check')"

    started = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment(**dict.fromkeys(NAMES, "")) | {"VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 0, started.stderr
