from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions.money import parse_currency, parse_value


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "1.0000"),
        (Decimal("49.9"), "49.9000"),
        (Decimal("0.30000000000000004"), "0.3000"),  # 0.1 + 0.2 in JavaScript
        (0.1 + 0.2, "0.3000"),
        (0.00015, "0.0002"),  # in binary a little less
        (Decimal("0.00005"), "0.0001"),  # half goes up
        (Decimal("1.00025"), "1.0003"),
        (Decimal("1E+3"), "1000.0000"),
        (999_999_999_999, "999999999999.0000"),
        (Decimal("999999999999.9999"), "999999999999.9999"),
    ],
)
def test_a_value_is_kept_with_four_places(number: int | float | Decimal, expected: str) -> None:
    assert str(parse_value(number)) == expected


@pytest.mark.parametrize(
    "number",
    [
        0,
        -1,
        Decimal("0.00004"),  # rounds to 0
        Decimal("1E-999999"),
        10**12,
        Decimal("999999999999.99995"),  # rounds to the limit
        10**4000,
        Decimal("1E+999999"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        float("nan"),
        float("inf"),
        True,
        "49.9",
        None,
        [1],
    ],
)
def test_what_is_no_price_is_refused(number: object) -> None:
    with pytest.raises(ValueError, match=r"^value must be .+\.$"):
        parse_value(number)  # type: ignore[arg-type]


@given(st.decimals(min_value="0.0001", max_value="999999999999", places=4))
def test_four_places_go_through_unchanged(number: Decimal) -> None:
    assert parse_value(number) == number == parse_value(parse_value(number))


@pytest.mark.parametrize("code", "USD EUR JPY KWD CLF SLE STN MRU VES VED XCG ZWG XOF UAH RUB TRY".split())
def test_an_active_code_is_taken_in_any_case(code: str) -> None:
    assert parse_currency(code) == parse_currency(code.lower()) == parse_currency(code.title()) == code


@pytest.mark.parametrize(
    "code",
    "HRK BGN SLL ANG ZWL CUC STD MRO VEF BYR LTL DEM".split()  # replaced
    + "XTS XXX XAU XDR".split()  # no money
    + ["", "US", "USDT", "BTC", "NIS", "US$", " USD", "USD\n", "uſd", "ınr", "١٢٣", None, 840],
)
def test_any_other_code_is_refused(code: object) -> None:
    with pytest.raises(ValueError, match="active ISO 4217"):
        parse_currency(code)  # type: ignore[arg-type]
