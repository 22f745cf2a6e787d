"""Exact money in the database: an integer of 1/10,000, a Decimal with four places in Python.

SQLite keeps a DecimalField as a float of 15 digits, so large amounts come back changed or not at all.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

PLACES = 4
UNITS = 10**PLACES
MAX_DIGITS = 16
_LARGEST = 2**63 - 1
#: A sum of this many units is read as two halves: SQLite ends a query whose sum leaves 64 bits.
_HALF = 10**8


class MoneyField(models.Field):
    """An amount in major units with at most four places; the database sees a BIGINT.

    `Sum` of it may overflow on SQLite: use `MoneySum`. An average is a sum and a count.
    """

    description = "An amount of money, exact to 1/10,000"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise ValidationError("A float is no exact amount.", code="invalid")
        try:
            return Decimal(value)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValidationError(f"{value!r} is no amount.", code="invalid") from error

    def get_prep_value(self, value: Any) -> Any:
        amount = super().get_prep_value(value)
        if amount is None or hasattr(amount, "resolve_expression"):
            return amount
        return units(self.to_python(amount))

    def from_db_value(self, value: Any, expression: object, connection: object) -> Decimal | None:
        return None if value is None else from_units(value)

    def formfield(self, **kwargs: Any) -> Any:
        exact = {"form_class": forms.DecimalField, "max_digits": MAX_DIGITS, "decimal_places": PLACES}
        return super().formfield(**{**exact, **kwargs})


def units(amount: Decimal | None) -> int | None:
    """The amount as its integer; ValueError where it has more than four places or is out of range."""
    if amount is None:
        return None
    if not amount.is_finite() or amount.adjusted() > MAX_DIGITS:
        raise ValueError("An amount of money is finite and fits 64 bits.")
    scaled = amount.scaleb(PLACES)
    whole = int(scaled)
    if whole != scaled or abs(whole) > _LARGEST:
        raise ValueError("An amount of money has at most four places and fits 64 bits.")
    return whole


def from_units(value: int | Decimal) -> Decimal:
    """The amount that an integer of the database is; TypeError for a float, which no longer is exact."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise TypeError(f"Not an integer of 1/{UNITS}: {type(value).__name__}.")
    return Decimal(int(value)).scaleb(-PLACES)


class MoneySum(models.Sum):
    """The exact sum of a MoneyField. `filter` is not taken: SQLite needs two sums in one expression."""

    def __init__(self, expression: str) -> None:
        super().__init__(expression)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=_sum_template("%(expressions)s", "sqlite", "%%%%"), **context)

    def convert_value(self, value: Any, expression: object, connection: object) -> Any:
        return read_sum(value)


def sum_sql(column: str, vendor: str) -> str:
    """The exact sum of a column in SQL of our own; `from_units(read_sum(…))` reads it."""
    return _sum_template(column, vendor, "%%")


def read_sum(found: int | str | Decimal | None) -> int | None:
    """The units of a sum, whole again where SQLite gave two halves."""
    if isinstance(found, str):
        high, low = found.split()
        return int(high) * _HALF + int(low)
    return None if found is None else int(found)


def _sum_template(column: str, vendor: str, modulo: str) -> str:
    if vendor != "sqlite":
        return f"SUM({column})"
    return f"SUM({column} / {_HALF}) || ' ' || SUM({column} {modulo} {_HALF})"
