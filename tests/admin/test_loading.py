"""When the admin's pages are loaded."""

import subprocess
import sys

from tests.faults.stack import ROOT, bare_environment

CODE = """
import sys, django
from django.core.checks import run_checks
django.setup()
print("leads.admin" in sys.modules)
run_checks(tags=["admin"])
print("leads.admin" in sys.modules)
"""


def outputs(tmp_path, code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=bare_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_only_urls_and_checks_load_the_pages(tmp_path) -> None:
    assert outputs(tmp_path, CODE) == ["False", "True"]
