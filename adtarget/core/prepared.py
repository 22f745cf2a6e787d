"""Queries of the hot paths whose SQL is compiled once: compiling takes Django longer than the database needs.

PostgreSQL also keeps them parsed and planned, in each connection (docs/decisions/prepared-statements.md).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
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
        with prepared_cursor() as cursor:
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


def prepared_cursor() -> Any:
    """Django's cursor; on PostgreSQL one whose statements the server keeps for the next time.

    Where statements are written down, as in tests that count them, they come with their values in them.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    connection.ensure_connection()
    return connection.make_cursor(_preparing_cursor()(connection.connection))


def run_prepared(sql: str, values: Sequence[Value]) -> list[tuple[Any, ...]]:
    """The rows of a statement of our own. Values that are all text make one prepared statement of each text of SQL."""
    with prepared_cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@cache
def _preparing_cursor() -> type[Any]:
    import psycopg  # not where the database is SQLite

    class PreparingCursor(psycopg.Cursor[Any]):
        """Has each of its statements prepared; the connection's own threshold is out of reach (settings.py)."""

        def execute(self, query: Any, params: Any = None, **_options: Any) -> Any:
            return super().execute(query, params, prepare=True)

    return PreparingCursor


class PreparedInsert:
    """`PreparedInsert(Thing, Other)` and then `insert(thing, other)` as often as you like: all or nothing.

    Their keys are made before. `first` is a statement that belongs to it and
    whose values come with each call. PostgreSQL takes them in one message,
    without those that begin and end a transaction.
    """

    def __init__(self, *models: type[models.Model], first: str = "") -> None:
        self._models = models
        self._first = [first] if first else []

    def __call__(self, *instances: models.Model, first: Sequence[Value] = ()) -> None:
        rows = [[_bound(value) for value in first]] if first else []
        rows += map(row_of, instances)
        sql = [*self._first, *map(insert_sql, self._models)]
        if connection.vendor == "postgresql":
            with prepared_cursor() as cursor:
                cursor.execute(_as_one(*sql), [value for row in rows for value in row])
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                for statement, row in zip(sql, rows, strict=True):
                    cursor.execute(statement, row)
        mark_stored(*instances)


def mark_stored(*instances: models.Model) -> None:
    """Lets Django know that the rows are in the database."""
    for instance in instances:
        instance._state.adding, instance._state.db = False, connection.alias


@cache
def _as_one(*statements: str) -> str:
    """One statement that does what several do, in PostgreSQL."""
    *earlier, last = statements
    before = ", ".join(f"row_{number} AS ({sql})" for number, sql in enumerate(earlier))
    return f"WITH {before} {last}" if before else last


@cache
def insert_sql(model: type[models.Model]) -> str:
    """`INSERT INTO … VALUES (%s, …)` for a row of the model."""
    table, names = connection.ops.quote_name(model._meta.db_table), column_names(model)
    return f"INSERT INTO {table} ({names}) VALUES ({places(model)})"  # noqa: S608


def column_names(model: type[models.Model]) -> str:
    """The model's columns, quoted, in the order of `row_of`."""
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields)


def places(model: type[models.Model]) -> str:
    """A place for the value of each column."""
    return ", ".join(["%s"] * len(model._meta.concrete_fields))


def row_of(instance: models.Model) -> list[Any]:
    """The instance's values as the database's driver takes them."""
    fields, read, to_convert = _reading(type(instance), connection.vendor)
    row = list(read(instance))
    for place in to_convert:
        field = fields[place]
        if type(field) is models.JSONField and row[place] == {}:
            row[place] = "{}"
        else:
            row[place] = field.get_db_prep_save(field.pre_save(instance, True), connection)
    return row


#: Fields whose values psycopg takes as they are; for the others Django is asked.
_AS_THEY_ARE = (
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.ForeignKey,
    models.PositiveIntegerField,
    models.UUIDField,
)


@cache
def _reading(model: type[models.Model], vendor: str) -> tuple[list[Any], Callable[[Any], tuple[Any, ...]], list[int]]:
    """The model's fields, what reads all of an instance at once, and the places of those that need converting."""
    fields: list[Any] = list(model._meta.concrete_fields)
    convert = [
        place
        for place, field in enumerate(fields)
        if vendor != "postgresql" or type(field) not in _AS_THEY_ARE or getattr(field, "auto_now_add", False)
    ]
    return fields, attrgetter(*(field.attname for field in fields)), convert
