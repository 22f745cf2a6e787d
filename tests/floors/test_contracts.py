"""Each contract of .importlinter, broken on purpose in a copy of the sources."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from importlinter.api import read_configuration

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).parents[2]
PACKAGES = ("adtarget", "leads", "tracker", "conversions", "dispatch")

#: Contract, the module that breaks it, what it imports.
BREACHES = [
    ("core", "adtarget.core.times", "leads.choices"),
    ("core", "adtarget.core.times", "adtarget.api.fields"),
    ("models", "leads.models.lead", "tracker.models"),
    ("models", "leads.models.lead", "dispatch.webhooks.models"),
    ("models", "tracker.models.visit", "conversions.models"),
    ("models", "conversions.models.conversion", "dispatch.models"),
    ("models", "dispatch.models.send", "dispatch.webhooks.models"),
    ("platforms", "dispatch.platforms.base", "dispatch.models"),
    ("platforms", "dispatch.platforms.base", "dispatch.credentials"),
    ("platforms", "dispatch.platforms.base", "leads.domains"),
    ("platforms", "dispatch.platforms.base", "adtarget.core.http"),
    ("platforms", "dispatch.platforms.base", "django"),
    ("platforms", "dispatch.platforms.base", "requests"),
    ("roof", "dispatch.scheduling", "adtarget.dashboard.access"),
    ("roof", "leads.forms", "adtarget.provisioning"),
    ("roof", "tracker.joins", "adtarget.demo.account"),
    ("sandbox", "adtarget.sandbox.judging", "dispatch.choices"),
    ("sandbox", "adtarget.sandbox.judging", "adtarget.core.times"),
    ("views", "leads.members", "leads.views"),
    ("views", "adtarget.dashboard.access", "adtarget.dashboard.overview.views"),
    ("views", "adtarget.dashboard.access", "adtarget.dashboard.set_up.views.pixels"),
    ("views", "dispatch.delivery", "dispatch.admin.send"),
    ("views", "adtarget.operating.readiness", "leads.admin"),
    ("telegram", "conversions.recording", "tracker.telegram.client"),
    ("telegram", "conversions.recording", "tracker.invites"),
    ("telegram", "dispatch.scheduling", "tracker.visits"),
    ("slices", "adtarget.dashboard.webhooks.views", "adtarget.dashboard.set_up.guide"),
    ("slices", "adtarget.dashboard.delivery.queries", "adtarget.dashboard.conversions.queries"),
]


@pytest.mark.parametrize(("contract", "module", "imported"), BREACHES)
def test_a_breach_is_found(contract, module, imported):
    assert f"{module} -> {imported}" in report(contract)


def test_the_product_keeps_every_contract():
    with TemporaryDirectory() as folder:
        result = lint(copy_sources(Path(folder)))
    assert result.returncode == 0, result.stdout


def test_every_contract_is_broken_here():
    assert set(contracts()) == {contract for contract, _, _ in BREACHES}


def test_the_roof_is_all_but_core_and_frames():
    named = {name.removeprefix("adtarget.") for name in contracts()["roof"]["forbidden_modules"]}
    assert named == modules_in(ROOT / "adtarget") - {"core", "api", "admin"}


def test_conversions_and_dispatch_may_know_little_of_the_tracker():
    named = {name.removeprefix("tracker.") for name in contracts()["telegram"]["forbidden_modules"]}
    allowed = {"admin", "apps", "choices", "click_ids", "management", "models", "row_size", "sources"}
    assert modules_in(ROOT / "tracker") - named == allowed | {"migrations"}


def test_every_page_family_of_the_dashboard_is_named():
    named = {name.removeprefix("adtarget.dashboard.") for name in contracts()["slices"]["modules"]}
    assert named == {path.parent.name for path in (ROOT / "adtarget" / "dashboard").glob("*/__init__.py")}


def test_every_view_outside_the_dashboard_is_named():
    views = {path for package in PACKAGES for path in (ROOT / package).rglob("views.py")}
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in views}
    outside = {name for name in names if not name.startswith(("adtarget.dashboard", "adtarget.api"))}
    assert outside <= set(contracts()["views"]["protected_modules"])


@cache
def report(contract: str) -> str:
    """What lint-imports says of a copy with all the breaches of a contract."""
    with TemporaryDirectory() as folder:
        copy = copy_sources(Path(folder))
        for _, module, imported in [breach for breach in BREACHES if breach[0] == contract]:
            with (copy / Path(*module.split("."))).with_suffix(".py").open("a") as source:
                source.write(f"\nimport {imported}\n")
        result = lint(copy, "--contract", contract)
    assert "1 broken" in result.stdout, result.stdout
    return " ".join(result.stdout.split())


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def copy_sources(folder: Path) -> Path:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("static", "migrations", "__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def contracts() -> dict[str, dict]:
    return {one["id"]: one for one in read_configuration(str(ROOT / ".importlinter"))["contracts_options"]}


def modules_in(folder: Path) -> set[str]:
    found = {path.parent.name for path in folder.glob("*/__init__.py")}
    return found | {path.stem for path in folder.glob("*.py")} - {"__init__"}
