"""Reads rows of hand-written PostgreSQL statements into models, several times as quickly as the ORM does.

An instance gets the columns that were read and no signals; a column that was left out is read when it is asked for.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Columns(Generic[M]):
    """The columns of a model under an alias: `sql` for the statement, `read` for a row that begins with them."""

    def __init__(self, model: type[M], alias: str, *, without: Collection[str] = ()) -> None:
        fields = [field for field in model._meta.concrete_fields if field.attname not in without]
        self.sql = ", ".join(_expression(field, alias) for field in fields)
        self.count = len(fields)
        self._model = model
        self._names = [field.attname for field in fields]
        self._readers = [(place, reader) for place, field in enumerate(fields) if (reader := _reader(field))]

    def read(self, row: Sequence[Any], **related: models.Model | None) -> M:
        """The instance whose columns stand first in the row, with the `related` ones it refers to."""
        values = list(row[: self.count])
        for place, reader in self._readers:
            if values[place] is not None:
                values[place] = reader(values[place])
        instance = self._model.__new__(self._model)
        instance.__dict__.update(zip(self._names, values, strict=True))
        instance._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        state.fields_cache.update(related)
        return instance


def _expression(field: "models.Field[Any, Any]", alias: str) -> str:
    """A moment as microseconds: psycopg reads an integer ten times as quickly."""
    column = f'{alias}."{field.column}"'
    if isinstance(field, models.DateTimeField):
        return f"(extract(epoch FROM {column}) * 1000000)::bigint"
    return column


def _reader(field: "models.Field[Any, Any]") -> Callable[[Any], Any] | None:
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.JSONField) and field.decoder is None:
        return _document
    from_db_value = getattr(field, "from_db_value", None)
    return (lambda value: from_db_value(value, None, connection)) if from_db_value else None


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _document(text: str) -> Any:
    return {} if text == "{}" else orjson.loads(text)
