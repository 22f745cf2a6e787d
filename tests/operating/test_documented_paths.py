"""Every file that the documentation names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
APPS = ("adtarget", "leads", "tracker", "conversions", "dispatch", "tests", "templates", "docs", "benchmarks", "bin")
NAMED = re.compile(rf"`((?:{'|'.join(APPS)})/[\w./-]*)`")
LINKED = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_on_a_page_exist(page: Path) -> None:
    missing = {name for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists()}
    missing |= {link for link in LINKED.findall(page.read_text()) if not (page.parent / link).exists()}
    assert missing == set()
