"""Tests that share processes stay on one worker."""

import pytest

from tests import scheduling


@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("tests/faults/test_kills.py", "stack"),
        ("tests/dashboard/test_browser.py", "browser"),
        ("tests/operating/test_run.py", "demo"),
        ("tests/core/test_logs.py", ""),
    ],
)
def test_a_tests_group_is_that_of_its_file(file: str, group: str) -> None:
    assert scheduling.group_of(file) == group


def test_what_shares_processes_names_its_group(request: pytest.FixtureRequest) -> None:
    """Of the tests that run now: all of them in a whole run."""
    shared = {"_shared_stack", "_shared_chromium", "demo"}
    files = {item.nodeid.partition("::")[0] for item in request.session.items if shared & set(item.fixturenames)}
    assert [file for file in files if not scheduling.group_of(file)] == []
