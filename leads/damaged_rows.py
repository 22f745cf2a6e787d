"""Reads one row column by column, for pages of a row that cannot be read whole."""

from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.models import Field, JSONField, Model

from leads.unreadable import UNREADABLE, is_unreadable

#: Columns of hashes: that they are there is shown, not what they hold.
HASHES = frozenset({"pii", "inherited_pii"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What of a row can be read, by the names of its columns, and the names of the others."""

    readable: list[tuple[str, Any]]
    unreadable: list[str]


def read_columns(model: type[Model], key: Any) -> Columns:
    """The columns of the row; none at all where there is no such row."""
    found = Columns([], [])
    if not model._base_manager.filter(pk=key).exists():
        return found
    for column in model._meta.concrete_fields:
        name = str(column.verbose_name)
        try:
            value = _read(model, key, column)
        except (*UNREADABLE, OperationalError) as error:
            if not is_unreadable(error):
                raise
            found.unreadable.append(name)
        else:
            found.readable.append((name, "kept as hashes" if column.name in HASHES and value else value))
    return found


def _read(model: type[Model], key: Any, column: "Field[Any, Any]") -> Any:
    """The column's value. ValueError or TypeError for one that the column cannot hold."""
    with transaction.atomic():
        value = model._base_manager.filter(pk=key).values_list(column.attname, flat=True)[0]
    is_sqlite = connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
    if value is None and not column.null and is_sqlite:  # so Django reads text of SQLite that is no time
        raise ValueError("empty")
    if isinstance(column, JSONField) and callable(column.default) and not isinstance(value, column.default):
        raise TypeError("another shape")
    return value
