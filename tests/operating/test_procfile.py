"""The Procfile and the lists stay what a platform expects of them."""

import re
import tomllib
from pathlib import Path

import pytest

from dispatch.platforms.registry import PLATFORMS

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_the_procfile_names_web_worker_and_beat() -> None:
    lines = (PROJECT / "Procfile").read_text().splitlines()

    assert [line.partition(":")[0] for line in lines] == ["web", "worker", "beat"]
    assert not [line for line in lines if "$" in line], "configuration comes from the environment, not the shell"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_has_its_reason(name: str) -> None:
    lines = [line for line in (PROJECT / name).read_text().splitlines() if line[:1] not in ("#", "-")]

    assert not [line for line in lines if "==" not in line or "# " not in line]


def test_every_requirement_is_among_the_constraints() -> None:
    pinned = {line.lower().replace("_", "-") for line in (PROJECT / "constraints.txt").read_text().splitlines()}
    wanted = [
        line.partition("#")[0].strip().lower().replace("_", "-")
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (PROJECT / name).read_text().splitlines()
        if "==" in line
    ]

    assert not [
        line
        for line in wanted
        if line.partition("[")[0] + line[line.index("==") :] not in pinned and line not in pinned
    ]


def test_python_311_is_enough() -> None:
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"


def test_every_variable_of_the_settings_stands_in_the_example() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (PROJECT / "adtarget/settings.py").read_text()))
    read |= {platform.api_url_setting for platform in PLATFORMS.values()}
    read |= {platform.exchange.setting for platform in PLATFORMS.values() if platform.exchange}
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert read == named
