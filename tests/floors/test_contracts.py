"""Each contract of .importlinter, broken once on purpose in a copy of the sources."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).parents[2]
PACKAGES = ("adtarget", "leads", "tracker", "conversions", "dispatch")

# contract, the module that breaks it, what it imports
BREACHES = [
    ("core", "adtarget/core/times.py", "leads.choices"),
    ("core", "adtarget/core/times.py", "adtarget.api.fields"),
    ("models", "leads/models/lead.py", "tracker.models"),
    ("models", "leads/models/lead.py", "dispatch.webhooks.models"),
    ("models", "tracker/models/visit.py", "conversions.models"),
    ("models", "conversions/models/conversion.py", "dispatch.models"),
    ("models", "dispatch/models/send.py", "dispatch.webhooks.models"),
    ("platforms", "dispatch/platforms/base.py", "dispatch.models"),
    ("platforms", "dispatch/platforms/base.py", "dispatch.credentials"),
    ("platforms", "dispatch/platforms/base.py", "leads.domains"),
    ("platforms", "dispatch/platforms/base.py", "adtarget.core.http"),
    ("platforms", "dispatch/platforms/base.py", "django.conf"),
    ("platforms", "dispatch/platforms/base.py", "requests"),
    ("roof", "dispatch/scheduling.py", "adtarget.dashboard.access"),
    ("roof", "leads/forms.py", "adtarget.provisioning"),
    ("roof", "tracker/joins.py", "adtarget.demo.account"),
    ("sandbox", "adtarget/sandbox/judging.py", "dispatch.choices"),
    ("sandbox", "adtarget/sandbox/judging.py", "adtarget.core.times"),
    ("views", "leads/members.py", "leads.views"),
    ("views", "adtarget/dashboard/access.py", "adtarget.dashboard.overview.views"),
    ("views", "adtarget/dashboard/access.py", "adtarget.dashboard.set_up.views.pixels"),
    ("views", "dispatch/delivery.py", "dispatch.admin.send"),
    ("views", "adtarget/health.py", "leads.admin"),
    ("telegram", "conversions/recording.py", "tracker.telegram.client"),
    ("telegram", "conversions/recording.py", "tracker.invites"),
    ("telegram", "dispatch/scheduling.py", "tracker.visits"),
    ("slices", "adtarget/dashboard/webhooks/views.py", "adtarget.dashboard.set_up.guide"),
    ("slices", "adtarget/dashboard/delivery/queries.py", "adtarget.dashboard.conversions.queries"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")],
        )
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("contract", "path", "imported"), BREACHES)
def test_a_breach_is_found(copy, contract, path, imported):
    module = copy / path
    before = module.read_text()
    module.write_text(f"{before}\n\nimport {imported}\n")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        module.write_text(before)
    assert result.returncode == 1, result.stdout
    assert "1 broken" in result.stdout


def test_the_product_keeps_every_contract(copy):
    result = lint(copy)
    assert result.returncode == 0, result.stdout


def test_the_roof_is_all_but_core_and_frames():
    contracts = {one["id"]: one for one in read_configuration(str(ROOT / ".importlinter"))["contracts_options"]}
    folder = ROOT / "adtarget"
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    named = {name.removeprefix("adtarget.") for name in contracts["roof"]["forbidden_modules"]}
    assert named == found - {"__init__", "core", "api", "admin"}


def test_every_contract_is_broken_here():
    contracts = read_configuration(str(ROOT / ".importlinter"))["contracts_options"]
    assert {contract["id"] for contract in contracts} == {contract for contract, _, _ in BREACHES}


def test_every_page_family_is_in_the_contract():
    named = read_configuration(str(ROOT / ".importlinter"))["contracts_options"]
    modules = next(contract["modules"] for contract in named if contract["id"] == "slices")
    families = {path.parent.name for path in (ROOT / "adtarget/dashboard").glob("*/__init__.py")}
    assert set(modules) == {f"adtarget.dashboard.{family}" for family in families}
