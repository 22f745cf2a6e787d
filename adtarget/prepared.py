"""Statements of the hot paths, whose SQL is made once: Django compiles longer than the database takes to answer."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)


class PreparedQuery(Generic[M]):
    """`PreparedQuery(lambda key: Thing.objects.filter(key=key), "")` and then `query("abc")` as often as you like.

    The examples give each parameter's type. What the query says must not
    depend on the values: no None, no empty list.
    """

    def __init__(self, make: Callable[..., "models.QuerySet[M]"], *examples: str | int) -> None:
        self._make = make
        self._markers = [
            f"\x01marker {number}" if isinstance(example, str) else -(10**17) - number
            for number, example in enumerate(examples)
        ]
        self._sql = ""

    def __call__(self, *values: str | int) -> list[M]:
        if not self._sql:
            self._compile()
        given = dict(zip(self._markers, values, strict=True))
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


class PreparedInsert(Generic[M]):
    """`PreparedInsert(Thing)` and then `insert(thing)` as often as you like; its key is made before."""

    def __init__(self, model: type[M]) -> None:
        self._fields = model._meta.concrete_fields
        names = [connection.ops.quote_name(str(field.column)) for field in self._fields]
        table, places = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(names))
        self._sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608

    def __call__(self, instance: M) -> None:
        values = [field.get_db_prep_save(field.pre_save(instance, True), connection) for field in self._fields]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, values)
        instance._state.adding, instance._state.db = False, connection.alias
