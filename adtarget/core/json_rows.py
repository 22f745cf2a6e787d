"""Rows that go into a statement as one JSON text: one statement, planned once, for any number of rows."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models

from adtarget.core.money_field import MoneyField, units
from adtarget.core.prepared import prepared_cursor

M = TypeVar("M", bound=models.Model)


class Rows(Generic[M]):
    """Some columns of rows of a model: their text, and the SQL that reads it."""

    def __init__(self, model: type[M], *names: str, without: str = "") -> None:
        self._model, self._table = model, model._meta.db_table
        fields = [
            field
            for field in model._meta.concrete_fields
            if field.name != without and (not names or field.name in (*names, "id"))
        ]
        self._of_field = [(str(field.column), field.attname, _writer(field)) for field in fields]
        self.columns = ", ".join(f'"{column}"' for column, _, _ in self._of_field)

    def source(self, alias: str) -> str:
        """The rows in a FROM; takes one parameter, made by `text`."""
        if connection.vendor == "postgresql":
            return f"json_populate_recordset(NULL::{self._table}, %s::json) {alias}"
        extracted = ", ".join(f"json_extract(value, '$.{column}') AS \"{column}\"" for column, _, _ in self._of_field)
        return f"(SELECT {extracted} FROM json_each(%s)) {alias}"  # noqa: S608

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

    def insert(self, instances: Sequence[M], *, ignore_conflicts: bool = False) -> None:
        """Inserts the rows in one statement, in their order."""
        if instances:
            sql = f"INSERT INTO {self._table} ({self.columns}) SELECT {self.selected('r')} FROM {self.source('r')}"  # noqa: S608
            self._execute(f"{sql} WHERE true ON CONFLICT DO NOTHING" if ignore_conflicts else sql, instances)

    def update(self, instances: Sequence[M]) -> None:
        """Writes the columns of rows that are there already, found by their id, in one statement."""
        if instances:
            changes = ", ".join(f'"{column}" = r."{column}"' for column, _, _ in self._of_field if column != "id")
            sql = f"UPDATE {self._table} SET {changes} FROM {self.source('r')} WHERE {self._table}.id = r.id"  # noqa: S608
            self._execute(sql, instances)

    def _execute(self, sql: str, instances: Sequence[M]) -> None:
        with prepared_cursor() as cursor:
            cursor.execute(sql, [self.text(instances)])
        for one in instances:
            one._state.adding, one._state.db = False, connection.alias


def _writer(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, MoneyField):
        return units
    match field.get_internal_type():
        case "DateTimeField":
            return _moment
        case "UUIDField":
            return _uuid
    return _same


def _same(value: Any) -> Any:
    return value


def _uuid(value: Any) -> str | None:
    if value is None:
        return None
    return str(value) if connection.vendor == "postgresql" else str(value.hex)


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    if connection.vendor == "postgresql":
        return value.isoformat()
    return str(connection.ops.adapt_datetimefield_value(value))
