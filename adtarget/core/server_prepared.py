"""Statements that PostgreSQL parses and plans once a connection, and rows that go into them as one text.

Every parameter goes out as text and is cast in the statement: one text of SQL is one prepared statement, whatever
the values. psycopg forgets what it prepared when a transaction of the connection is rolled back.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models

from adtarget.core.money_field import MoneyField, units

M = TypeVar("M", bound=models.Model)
Text = str | None


def run(sql: str, values: Sequence[Text]) -> list[tuple[Any, ...]]:
    """The rows of a statement, prepared on the server. PostgreSQL only."""
    connection.ensure_connection()
    # Django's own wrapper: errors are translated, and tests and tools see the statement.
    with connection._prepare_cursor(_cursor_class()(connection.connection)) as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _cursor_class() -> Any:
    """Made late: without psycopg, as on SQLite alone, Django's PostgreSQL backend cannot be imported."""
    global _PreparingCursor
    if _PreparingCursor is None:
        from django.db.backends.postgresql.base import ServerBindingCursor

        class PreparingCursor(ServerBindingCursor):
            def execute(self, query: Any, params: Any = None, **_: Any) -> Any:
                return super().execute(query, params, prepare=True)  # type: ignore[misc]

        _PreparingCursor = PreparingCursor
    return _PreparingCursor


_PreparingCursor: Any = None


class Rows(Generic[M]):
    """Rows of a model as one JSON text, and the SQL that reads them: one statement for any number of rows."""

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


def _text(value: Any) -> Text:
    return None if value is None else str(value)


def _moment(value: datetime | None) -> Text:
    return None if value is None else value.isoformat()
