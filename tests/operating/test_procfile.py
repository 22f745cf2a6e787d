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


LISTS = ["requirements", "requirements-dev"]


def wanted(name: str) -> list[str]:
    """The lines of a hand-written list that name a package."""
    return [line for line in (PROJECT / f"{name}.in").read_text().splitlines() if line[:1] not in ("#", "-")]


def pinned(name: str) -> dict[str, str]:
    """Package → version and the rest, hashes included, of the list that is installed."""
    blocks = re.split(r"\n(?=\S)", (PROJECT / f"{name}.txt").read_text())
    found = (re.match(r"([\w.-]+)(?:\[[^\]]*\])?==(.*)", block, re.DOTALL) for block in blocks)
    return {plain(match[1]): match[2] for match in found if match}


def plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package.partition("[")[0]).lower()


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_pinned_and_has_its_reason(name: str) -> None:
    assert not [line for line in wanted(name) if "==" not in line or "# " not in line]


@pytest.mark.parametrize("name", LISTS)
def test_the_installed_list_has_every_wanted_version(name: str) -> None:
    versions = {package: rest.split()[0] for package, rest in pinned(name).items()}
    asked = [line.split("#")[0].split("==") for line in wanted(name)]
    assert {plain(package): version.split(";")[0].strip() for package, version in asked}.items() <= versions.items()


@pytest.mark.parametrize("name", LISTS)
def test_every_installed_package_has_its_hashes(name: str) -> None:
    assert not [package for package, rest in pinned(name).items() if "--hash=sha256:" not in rest]


def test_both_lists_install_the_same_versions() -> None:
    assert pinned("requirements").items() <= pinned("requirements-dev").items()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_no_package_index(name: str) -> None:
    text = (PROJECT / f"{name}.txt").read_text()
    assert not re.search(r"https?://|^--(?:index|extra|find|trusted)", text, re.MULTILINE)


def test_python_311_is_enough() -> None:
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"


def test_every_variable_of_the_settings_stands_in_the_example() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (PROJECT / "adtarget/settings.py").read_text()))
    read |= {platform.api_url_setting for platform in PLATFORMS.values()}
    read |= {platform.exchange.setting for platform in PLATFORMS.values() if platform.exchange}
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert read == named
