"""Migration operations that add and drop indexes of large tables while requests go on.

PostgreSQL builds and drops them concurrently, however long that takes, so a migration that uses them has
`atomic = False`. A build that failed leaves an invalid index, which the next run replaces. On SQLite they are Django's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, AlterField, RemoveIndex
from django.db.migrations.operations.base import Operation


class AddIndexLive(AddIndex):
    """Adds an index without a lock that writers wait for."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        _add(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.index)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.index.name)


class RemoveIndexLive(RemoveIndex):
    """Drops an index in the same way."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        _drop(schema_editor, self.name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        state = to_state.models[app_label, self.model_name_lower]
        _add(schema_editor, to_state.apps.get_model(app_label, self.model_name), state.get_index_by_name(self.name))


class DropForeignKeyIndex(AlterField):
    """Drops the indexes of a foreign key's column alone, where another index begins with it."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        column, named = model._meta.get_field(self.name).column, {index.name for index in model._meta.indexes}
        with schema_editor.connection.cursor() as cursor:
            found = schema_editor.connection.introspection.get_constraints(cursor, model._meta.db_table)
        for name, about in found.items():
            is_plain = about["index"] and not (about["unique"] or about["primary_key"] or about["foreign_key"])
            if is_plain and about["columns"] == [column] and name not in named:
                _drop(schema_editor, name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        editor: Any = schema_editor  # what Django itself calls for a foreign key
        for statement in editor._field_indexes_sql(model, model._meta.get_field(self.name)):
            schema_editor.execute(statement)


class DropPatternIndexes(Operation):
    """Drops what Django adds on PostgreSQL for `LIKE 'abc%'` to each text key; nothing looks for beginnings of ids."""

    reduces_to_sql, reversible = False, True

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Django's models do not know these indexes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = ANY(%s) AND indexname LIKE %s "
                "AND indexdef LIKE %s AND schemaname = current_schema()",
                [list(self.tables), r"%\_like", "%_pattern_ops)"],
            )
            found = [name for (name,) in cursor.fetchall()]
        for name in found:
            _drop(schema_editor, name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The former release works without them."""

    def describe(self) -> str:
        return f"Drop pattern indexes of {', '.join(self.tables)}"


def _add(schema_editor: BaseDatabaseSchemaEditor, model: Any, index: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.add_index(model, index)
        return
    with _patience(schema_editor):
        _drop(schema_editor, index.name)  # an invalid one of a run that failed
        schema_editor.add_index(model, index, concurrently=True)  # type: ignore[call-arg]


def _drop(schema_editor: BaseDatabaseSchemaEditor, name: str) -> None:
    quoted = schema_editor.quote_name(name)
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {quoted}")
        return
    with _patience(schema_editor):
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}")


@contextmanager
def _patience(schema_editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    """Without the time limits of requests: a build waits for transactions and reads the whole table."""
    schema_editor.execute("SET statement_timeout = 0")
    schema_editor.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        schema_editor.execute("RESET statement_timeout")
        schema_editor.execute("RESET lock_timeout")
