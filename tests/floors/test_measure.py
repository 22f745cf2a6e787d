"""bin/measure: imports that climb, and cycles."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

PATH = Path(__file__).parents[2] / "bin" / "measure"


@pytest.fixture(scope="module")
def measure(tmp_path_factory):
    loader = SourceFileLoader("measure", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("measure", loader))
    loader.exec_module(module)
    return module
