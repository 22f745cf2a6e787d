"""Rows that go into a PostgreSQL statement as one JSON text: one statement, planned once, for any number of rows."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import models

from adtarget.core.money_field import MoneyField, units

M = TypeVar("M", bound=models.Model)


class Rows(Generic[M]):
    """The text of rows of a model, and the SQL that reads it."""

    def __init__(self, model: type[M], *, without: str = "") -> None:
        self._table = model._meta.db_table
        fields = [field for field in model._meta.concrete_fields if field.name != without]
        self.columns = ", ".join(f'"{field.column}"' for field in fields)
        self._of_field = [(str(field.column), field.attname, _writer(field)) for field in fields]

    def source(self, alias: str) -> str:
        """The rows in a FROM; takes one parameter, made by `text`."""
        return f"json_populate_recordset(NULL::{self._table}, %s::json) {alias}"

    def selected(self, alias: str) -> str:
        """The columns, in the order of `columns`, out of `source`."""
        return ", ".join(f'{alias}."{column}"' for column, _, _ in self._of_field)

    def text(self, instances: Iterable[M]) -> str:
        """The parameter of `source`."""
        return json.dumps(
            [
                {column: write(getattr(one, attribute)) for column, attribute, write in self._of_field}
                for one in instances
            ],
            ensure_ascii=False,
            separators=(",", ":"),
        )


def _writer(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, MoneyField):
        return units
    match field.get_internal_type():
        case "DateTimeField":
            return _moment
        case "UUIDField":
            return _text
    return _same


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
