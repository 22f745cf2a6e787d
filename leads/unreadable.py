"""Reads lists so that a row which cannot be read is left out and noted, instead of stopping its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, DataError, OperationalError, connections, transaction
from django.db.models import ForeignKey, Model, QuerySet

from leads.models import UnreadableRow

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Model)
#: What a driver, Django or a field of ours raises for a value that is no value of its column.
UNREADABLE = (ValueError, TypeError, ArithmeticError, AttributeError, DataError)
#: How a row leads to its account, by what its model has.
_ACCOUNTS = ("account", "site__account", "channel__site__account", "pixel__site__account", "send__pixel__site__account")


@dataclass(frozen=True, slots=True)
class Rows(Generic[M]):
    """The rows that could be read, and the keys of the others."""

    found: Sequence[M]
    unreadable: Sequence[Any] = ()

    @property
    def looked_at(self) -> int:
        return len(self.found) + len(self.unreadable)


def read_rows(rows: QuerySet[M]) -> Rows[M]:
    """The rows of a queryset, which may be sliced: in one query, or one by one where one of them cannot be read."""
    try:
        found = list(rows)
        for row in found:
            require_whole(row)
    except (*UNREADABLE, OperationalError) as error:
        if not is_unreadable(error):
            raise
    else:
        return Rows(found)
    one_by_one = {key: _read_row(rows, key) for key in list(rows.values_list("pk", flat=True))}
    return Rows(
        [row for row in one_by_one.values() if row is not None],
        [key for key, row in one_by_one.items() if row is None],
    )


def _read_row(rows: QuerySet[M], key: Any) -> M | None:
    """The row of this key as `rows` reads it; None where it cannot be read, which is noted."""
    whole = rows.all()
    whole.query.clear_limits()
    try:
        found = list(whole.filter(pk=key))
        for row in found:
            require_whole(row)
        return found[0] if found else None  # it went meanwhile
    except (*UNREADABLE, OperationalError) as error:
        if not is_unreadable(error):
            raise
        note(rows.model, key, error)
        return None


def require_whole(row: Model) -> None:
    """ValueError for None where the column takes none: so Django reads text of SQLite that is no time."""
    if connections[row._state.db or DEFAULT_DB_ALIAS].vendor != "sqlite":
        return
    for field in row._meta.concrete_fields:
        if not field.null and row.__dict__.get(field.attname, field) is None:
            raise ValueError(f"{field.name} is empty")
        if isinstance(field, ForeignKey) and isinstance(related := row._state.fields_cache.get(field.name), Model):
            require_whole(related)


def is_unreadable(error: Exception) -> bool:
    """Whether an error is of a row's content and not of the database. SQLite has no kind of its own for broken text."""
    return isinstance(error, UNREADABLE) or "Could not decode to UTF-8" in str(error)


def note(model: type[Model], key: Any, error: Exception) -> None:
    """Keeps that the row cannot be read, once. Never raises."""
    log.error("unreadable row", table=model._meta.label_lower, row_id=str(key), error=type(error).__name__)
    try:
        with transaction.atomic():
            UnreadableRow.objects.get_or_create(
                table=model._meta.label_lower,
                row_id=str(key),
                defaults={"account_id": _account_of(model, key), "problem": type(error).__name__},
            )
    except DatabaseError as problem:
        log.warning("unreadable row not noted", error=type(problem).__name__)


def recheck(now: datetime) -> int:
    """Forgets the notes of rows that can be read again, or are gone; how many."""
    well = [row.pk for row in UnreadableRow.objects.all() if _is_well(row)]
    return UnreadableRow.objects.filter(pk__in=well).delete()[0]


def _is_well(row: UnreadableRow) -> bool:
    """Whether the row and all that it refers to can be read."""
    try:
        found = apps.get_model(row.table)._base_manager.filter(pk=row.row_id).first()
        if found is not None:
            for field in found._meta.concrete_fields:
                if isinstance(field, ForeignKey):
                    getattr(found, field.name)  # read now, and looked at below
            require_whole(found)
    except (*UNREADABLE, OperationalError):
        return False
    except LookupError:  # its table is gone
        return True
    return True


def _account_of(model: type[Model], key: Any) -> str | None:
    names = {field.name for field in model._meta.get_fields()}
    path = next((path for path in _ACCOUNTS if path.partition("__")[0] in names), None)
    if path is None:
        return None
    account: str | None = model._base_manager.filter(pk=key).values_list(path, flat=True).first()
    return account
