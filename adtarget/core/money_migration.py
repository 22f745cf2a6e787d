"""The migration from a DecimalField to a MoneyField: one statement a column, forward and backward."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AlterField

from adtarget.core.money_field import MAX_DIGITS, PLACES, UNITS


class AlterToMoney(AlterField):
    """Turns a DecimalField of four places into a MoneyField with its rows, and back."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor == "postgresql":
            self._alter_type(schema_editor, model, "bigint", f"(%(column)s * {UNITS})::bigint")
            return
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        # Whole part and fraction apart: each is exact in a float, their product with 10,000 would not be.
        whole = "CAST(%(column)s AS INTEGER)"
        self._update(
            schema_editor, model, f"{whole} * {UNITS} + CAST(ROUND((%(column)s - {whole}) * {UNITS}) AS INTEGER)"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor == "postgresql":
            old = f"numeric({MAX_DIGITS}, {PLACES})"
            self._alter_type(schema_editor, model, old, f"%(column)s::numeric / {UNITS}")
            return
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        self._update(schema_editor, model, f"%(column)s / {UNITS}.0")

    def _alter_type(self, schema_editor: BaseDatabaseSchemaEditor, model: Any, new: str, using: str) -> None:
        table, column = self._names(schema_editor, model)
        using %= {"column": column}
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {new} USING {using}")

    def _update(self, schema_editor: BaseDatabaseSchemaEditor, model: Any, expression: str) -> None:
        table, column = self._names(schema_editor, model)
        expression %= {"column": column}
        schema_editor.execute(f"UPDATE {table} SET {column} = {expression} WHERE {column} IS NOT NULL")  # noqa: S608

    def _names(self, schema_editor: BaseDatabaseSchemaEditor, model: Any) -> tuple[str, str]:
        quote = schema_editor.connection.ops.quote_name
        return quote(model._meta.db_table), quote(model._meta.get_field(self.name).column)
