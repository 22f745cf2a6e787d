"""bin/measure: imports that climb, and cycles."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

PATH = Path(__file__).parents[2] / "bin" / "measure"


@pytest.fixture(scope="module")
def measure():
    loader = SourceFileLoader("measure", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("measure", loader))
    loader.exec_module(module)
    return module


def imports_of(measure, folder, texts):
    """The imports of a made-up product with these files."""
    for name, text in {"leads/__init__.py": "", **texts}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return measure.read_imports(measure.read_sources(folder))


def test_no_import_climbs(measure):
    assert list(measure.read_imports(measure.read_sources()).climbing()) == []


def test_no_modules_import_each_other(measure):
    assert measure.read_imports(measure.read_sources()).cycles() == []


def test_a_use_case_may_not_import_a_view(measure, tmp_path):
    use_case = "from leads import views\nfrom leads.models.lead import Lead"
    files = {"leads/models/lead.py": "", "leads/views.py": "", "leads/finding.py": use_case}
    assert list(imports_of(measure, tmp_path, files).climbing()) == [("leads.finding", "leads.views")]


def test_a_model_may_not_refer_to_a_later_app(measure, tmp_path):
    files = {"leads/models/lead.py": "import tracker.models.visit", "tracker/models/visit.py": ""}
    climbing = imports_of(measure, tmp_path, files).climbing()
    assert list(climbing) == [("leads.models.lead", "tracker.models.visit")]


def test_a_cycle_around_three_modules_is_found(measure, tmp_path):
    files = {"leads/a.py": "import leads.b", "leads/b.py": "from leads import c", "leads/c.py": "from leads.a import x"}
    assert imports_of(measure, tmp_path, files).cycles() == [["leads.a", "leads.b", "leads.c"]]
