"""Runs SQL that PostgreSQL parses and plans once a connection."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connection


def run(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one prepared statement, which is a transaction of its own outside of another. PostgreSQL only."""
    connection.ensure_connection()
    # Django's wrapper translates errors, and tests and tools see the statement.
    with connection._prepare_cursor(_cursor_class()(connection.connection)) as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@cache
def _cursor_class() -> Any:
    """Made late: without psycopg Django's PostgreSQL backend cannot be imported."""
    from django.db.backends.postgresql.base import ServerBindingCursor

    class PreparingCursor(ServerBindingCursor):
        def execute(self, query: Any, params: Any = None, **_: Any) -> Any:
            return super().execute(query, params, prepare=True)  # type: ignore[misc]

    return PreparingCursor
