"""A long list read in small pieces: no cursor and no transaction stays open, and no statement runs for long."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from django.db.models import Q, QuerySet

from adtarget.core.statement_limit import statement_limit
from leads.unreadable import read_rows

MOST_ROWS = 100_000  # of one file
DIRECT_ROWS = 1_000  # written into the answer; more are a worker's
ROWS_AT_ONCE = 500
STATEMENT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class List:
    """A list to export: `rows` ordered by `-moment` and `-pk`, and what stands in the line of each."""

    name: str
    header: Sequence[str]
    rows: QuerySet[Any]
    moment: str
    line: Callable[[Any], Sequence[object]]


def is_long(wanted: List) -> bool:
    """Whether it is too long for an answer, or takes long to find out."""
    try:
        with statement_limit(STATEMENT_SECONDS / 5):
            return bool(wanted.rows.order_by().values("pk")[DIRECT_ROWS : DIRECT_ROWS + 1])
    except OperationalError:
        return True


def read(wanted: List, *, most: int = MOST_ROWS) -> Iterator[Sequence[object]]:
    """Its lines, from the latest row on. Raises OperationalError where PostgreSQL takes too long over a piece."""
    last: Any = None
    for start in range(0, most, ROWS_AT_ONCE):
        piece = wanted.rows if last is None else wanted.rows.filter(_after(last, wanted.moment))
        with statement_limit(STATEMENT_SECONDS):
            rows = read_rows(piece[: min(ROWS_AT_ONCE, most - start)])
        yield from map(wanted.line, rows.found)
        if rows.looked_at < ROWS_AT_ONCE or not rows.found:
            return
        last = rows.found[-1]


def _after(row: Any, moment: str) -> Q:
    at = getattr(row, moment)
    later = Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": row.pk})
    return Q(**{f"{moment}__lte": at}) & later  # the first condition is what an index is read from
