# ruff: noqa: S608  names of tables only, none of them from outside
"""Migration operations of partitioned tables. On SQLite they change nothing but what Django knows of the models."""

from functools import partial
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AlterField
from django.db.migrations.operations.base import Operation
from django.utils import timezone

from adtarget.core.partitions import converting
from adtarget.core.partitions.patience import patiently
from adtarget.core.partitions.tables import WHOLE, PartitionedTable, fetch, run


def _is_postgres(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.vendor == "postgresql"


class DropForeignKey(AlterField):
    """Takes away a foreign key's constraint, under traffic; the column and its index stay.

    Backward it comes back. Rows that refer to nothing lose the reference then, or go where the column allows none.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _is_postgres(schema_editor):
            forwards = super().database_forwards
            patiently(lambda: forwards(app_label, schema_editor, from_state, to_state))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if not _is_postgres(schema_editor):
            return
        field = to_state.apps.get_model(app_label, self.model_name)._meta.get_field(self.name)
        table, column, other = field.model._meta.db_table, field.column, field.related_model._meta.db_table
        lost = f"{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.id = {table}.{column})"
        run(f"UPDATE {table} SET {column} = NULL WHERE {lost}" if field.null else f"DELETE FROM {table} WHERE {lost}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddPart(Operation):
    """Adds the column that says in which part of a table a row lies; the models do not know it."""

    reversible = True

    def __init__(self, table: PartitionedTable) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        column = f"ADD COLUMN IF NOT EXISTS part smallint NOT NULL DEFAULT {WHOLE}"
        if _is_postgres(schema_editor):
            patiently(lambda: run(f"ALTER TABLE {self.table.name} {column}"))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _is_postgres(schema_editor):
            patiently(lambda: run(f"ALTER TABLE {self.table.name} DROP COLUMN IF EXISTS part"))

    def describe(self) -> str:
        return f"Say in which part of {self.table.name} a row lies"


class PartitionIfEmpty(Operation):
    """Partitions the table of a new installation. One with rows waits for `manage.py partition_tables`."""

    reversible = True

    def __init__(self, table: PartitionedTable) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.table], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _is_postgres(schema_editor) and not fetch(f"SELECT 1 FROM {self.table.name} LIMIT 1"):
            converting.partition(self.table, timezone.now(), say=lambda _: None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _is_postgres(schema_editor):
            converting.unite(self.table, say=lambda _: None)

    def describe(self) -> str:
        return f"Partition {self.table.name} where it is empty"


class DropPatternIndex(Operation):
    """Drops what Django adds for `LIKE 'abc%'` to a text key, whether the table is partitioned or not."""

    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if not _is_postgres(schema_editor):
            return
        pattern = r"indexname LIKE '%%\_like' AND indexdef LIKE '%%\_pattern\_ops)'"
        for (name,) in fetch(f"SELECT indexname FROM pg_indexes WHERE tablename = %s AND {pattern}", self.table):
            patiently(partial(run, f"DROP INDEX {name}"))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The former release works without it."""

    def describe(self) -> str:
        return f"Drop the pattern index of {self.table}"
