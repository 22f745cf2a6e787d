"""Queries of the hot paths whose SQL is compiled once: compiling takes Django longer than the database needs."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
Value = str | int | datetime


class PreparedQuery(Generic[M]):
    """`PreparedQuery(lambda key: Thing.objects.filter(key=key), "")` and then `query("abc")` as often as you like.

    The examples give each parameter's type. What the query says must not
    depend on the values: no None, no empty list.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[M]"], *examples: Value) -> None:
        self._make = make
        self._markers = [_marker(number, example) for number, example in enumerate(examples)]
        self._sql = ""

    def __call__(self, *values: Value) -> list[M]:
        if not self._sql:
            self._compile()
        given = {_bound(marker): _bound(value) for marker, value in zip(self._markers, values, strict=True)}
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [given.get(param, param) for param in self._params])
            rows = cursor.fetchall()
        if self._converters:
            rows = list(self._compiler.apply_converters(rows, self._converters))
        return [self._instance(row) for row in rows]

    def _compile(self) -> None:
        """What `ModelIterable` does at each run, up to the point where the values come in."""
        compiler = self._make(*self._markers).query.get_compiler(connection=connection)
        sql, self._params = compiler.as_sql()
        klass_info, select = compiler.klass_info, compiler.select
        fields = klass_info["select_fields"]
        self._slice = slice(fields[0], fields[-1] + 1)
        self._names = [column[0].target.attname for column in select[self._slice]]
        self._converters = compiler.get_converters([column[0] for column in select])
        # The stubs are a Django ahead: theirs takes a fetch mode.
        self._populators = get_related_populators(klass_info, select, connection.alias)  # type: ignore[call-arg]
        self._model: type[M] = klass_info["model"]
        self._compiler, self._sql = compiler, sql

    def _instance(self, row: Any) -> M:
        instance = self._model.from_db(connection.alias, self._names, row[self._slice])
        for populator in self._populators:
            populator.populate(row, instance)
        return instance


def _marker(number: int, example: Value) -> Value:
    if isinstance(example, datetime):
        return datetime(1900, 1, 1, microsecond=number, tzinfo=UTC)
    return f"\x01marker {number}" if isinstance(example, str) else -(10**17) - number


def _bound(value: Value) -> Value:
    """The value as the database's driver gets it from Django."""
    if not isinstance(value, datetime):
        return value
    bound: Value = connection.ops.adapt_datetimefield_value(value)  # type: ignore[assignment]
    return bound


class PreparedInsert:
    """`PreparedInsert(Thing, Other)` and then `insert(thing, other)` as often as you like: all or nothing.

    Their keys are made before. `first` is a statement that belongs to it and
    whose values come with each call. PostgreSQL takes them in one message,
    without those that begin and end a transaction.
    """

    def __init__(self, *models: type[models.Model], first: str = "") -> None:
        self._fields = [model._meta.concrete_fields for model in models]
        self._sql = [*filter(None, [first]), *map(_insert_sql, models)]

    def __call__(self, *instances: models.Model, first: Sequence[Value] = ()) -> None:
        values = [[_bound(value) for value in first]] if first else []
        values += [
            [field.get_db_prep_save(field.pre_save(instance, True), connection) for field in fields]
            for fields, instance in zip(self._fields, instances, strict=True)
        ]
        if connection.vendor == "postgresql":
            *earlier, last = self._sql
            before = ", ".join(f"row_{number} AS ({sql})" for number, sql in enumerate(earlier))
            with connection.cursor() as cursor:
                cursor.execute(f"WITH {before} {last}" if before else last, [value for row in values for value in row])
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                for sql, row in zip(self._sql, values, strict=True):
                    cursor.execute(sql, row)
        for instance in instances:
            instance._state.adding, instance._state.db = False, connection.alias


def _insert_sql(model: type[models.Model]) -> str:
    names = [connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields]
    table, places = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
