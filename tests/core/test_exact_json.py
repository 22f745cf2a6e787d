"""Numbers go into JSON and come back without losing a digit."""

import json
from decimal import Decimal

import pytest

from adtarget.core import exact_json

AMOUNTS = ["0.1", "49.9", "123456789012.3456", "900719925474.0993", "999999999999.9999", "0.0001"]


@pytest.mark.parametrize("written", AMOUNTS)
def test_a_decimal_is_written_as_that_number(written: str) -> None:
    assert exact_json.dumps({"value": Decimal(written)}) == f'{{"value": {written}}}'


@pytest.mark.parametrize("written", AMOUNTS)
def test_what_was_read_is_written_again(written: str) -> None:
    text = f'[{written}, {{"n": {written}}}]'
    assert exact_json.dumps(exact_json.loads(text)) == text


def test_the_plainest_exact_number_is_chosen() -> None:
    found = [exact_json.number(Decimal(text)) for text in ("7.0000", "49.9000", "900719925474.0993")]
    assert found == [7, 49.9, Decimal("900719925474.0993")]
    assert [type(value) for value in found] == [int, float, Decimal]


def test_text_that_looks_like_the_encoders_mark_stays_text() -> None:
    text = exact_json.dumps([Decimal("0.0001"), "0" * 32 + ":1"])
    assert json.loads(text) == [0.0001, "0" * 32 + ":1"]
