"""Each promise of the documentation has its proof, and the documentation names it."""

import pytest

from tests import promises

TESTS = promises.marked()


@pytest.mark.parametrize("promise", promises.PROMISES)
def test_every_promise_has_its_proof(promise: str) -> None:
    assert (promise in TESTS) != (promise in promises.MEASURED)


def test_tests_prove_known_promises_only() -> None:
    assert TESTS.keys() <= promises.PROMISES.keys()


@pytest.mark.parametrize("letter", promises.PAGES)
def test_the_table_is_what_the_tests_say(letter: str) -> None:
    """`bin/promises` writes it anew."""
    assert promises.PAGES[letter].read_text() == promises.page(letter)
