"""The table of reasons: complete, and never at a loss."""

import pytest

from dispatch import reasons
from dispatch.choices import Reason


@pytest.mark.parametrize("reason", Reason.values)
def test_every_reason_has_meaning_and_advice(reason: str) -> None:
    assert f"reason {reason}" not in reasons.words_of(reason).meaning


def test_an_unknown_reason_gets_a_general_sentence() -> None:
    words = reasons.words_of("of_a_newer_release")
    assert (words.label, words.meaning) == ("of_a_newer_release", "It ended with the reason of_a_newer_release.")
