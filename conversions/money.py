"""Parses amounts and currencies."""

from decimal import ROUND_HALF_UP, Decimal

from iso4217 import Currency

VALUE_LIMIT = 10**12
PLACES = Decimal("0.0001")

#: Active codes in which a price can be written: ISO 4217 list one as published 2026-01-01 (the
#: package carries the agency's own table). Metals, XDR, XTS and XXX have no minor unit and stay out.
_EXPONENTS = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
ACTIVE_CURRENCIES = frozenset(_EXPONENTS)


def parse_value(number: int | float | Decimal) -> Decimal:
    """An amount in major units with four places, half rounded up; ValueError says what is wrong."""
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        raise ValueError("value must be a number.")  # noqa: TRY004 (one family for callers)
    # Through its text a float is the number that was written, not its binary neighbour.
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise ValueError("value must be a finite number.")
    if not 0 < exact < VALUE_LIMIT:
        raise ValueError("value must be greater than 0 and less than 1000000000000.")
    value = exact.quantize(PLACES, rounding=ROUND_HALF_UP)
    if not 0 < value < VALUE_LIMIT:
        raise ValueError("value must be at least 0.0001 and less than 1000000000000 after rounding to 4 places.")
    return value


def parse_currency(text: str) -> str:
    """An active ISO 4217 code in upper case; ValueError says what is wrong."""
    # Only ASCII: 'ı' and 'ſ' turn into I and S in upper case.
    if not isinstance(text, str) or not text.isascii() or text.upper() not in ACTIVE_CURRENCIES:
        raise ValueError("currency must be an active ISO 4217 code, such as USD or EUR.")
    return text.upper()


def require_worth(value: Decimal, currency: str) -> None:
    """ValueError where the value rounds to nothing in its currency, as 0.004 USD and 0.4 JPY do.

    A platform gets amounts in the currency's own units, so it would get none.
    """
    places = _EXPONENTS.get(currency, 2)
    if not round_to(value, places):
        raise ValueError(f"value must be at least {Decimal(1).scaleb(-places):f} {currency} after rounding.")


def round_to(value: Decimal, places: int) -> Decimal:
    """Rounds half up."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
