"""Works through an import piece by piece; whoever goes on after a kill begins where the last commit was."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F

from adtarget.core.ids import new_id
from adtarget.exports import spreadsheet
from adtarget.imports import files, reading
from adtarget.imports.models import OPEN, Import, State
from adtarget.imports.reading import Row
from adtarget.imports.rows import Order, Outcome, Prepared, prepare, record

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 500  # one transaction, at most
HELD_SECONDS = 0.2  # that a transaction aims at: on SQLite everybody else who writes waits for it
LEASE = timedelta(seconds=60)
LOCK_TRIES = 5  # of a piece that met a lock or a deadlock
Clock = Callable[[], datetime]


class Lost(Exception):
    """It was cancelled, deleted, or somebody else works on it."""


def order_of(work: Import) -> Order:
    return Order(account=work.account, columns=work.columns, fixed=work.fixed, is_history=work.is_history)


def claim(work: Import, *, now: datetime, states: Iterable[State] = OPEN) -> None:
    """Takes the work over, also from a process that still runs: its next piece fails. Raises Lost."""
    mine = new_id("clm")
    open_one = Import.objects.filter(pk=work.pk, state__in=states)
    if not open_one.update(claim=mine, state=State.WORKING, alive_until=now + LEASE, tries=F("tries") + 1):
        raise Lost
    work.refresh_from_db()
    if work.claim != mine:
        raise Lost


def run(
    work: Import,
    path: Path,
    problems: Path,
    *,
    clock: Clock,
    seconds: float | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> bool:
    """Works on a claimed import, for about so many seconds; whether it is done. Raises Lost and Unusable."""
    started = time.monotonic()
    header = reading.columns(path)
    rows, size = reading.read(path, after=work.position), min(20, ROWS_AT_ONCE)
    while piece := list(islice(rows, size)):
        held = _patiently(work, piece, header, problems, clock=clock)
        progress(len(piece))
        size = max(1, min(ROWS_AT_ONCE, 2 * size, int(len(piece) * HELD_SECONDS / held)))
        _let_others_write(held)
        if seconds is not None and time.monotonic() - started > seconds:
            break
    else:
        _update(work, state=State.DONE, alive_until=None)
        return True
    return False


def _let_others_write(held: float) -> None:
    """On SQLite whoever waits for the lock looks again now and then, and finds it taken without a pause."""
    if connection.vendor == "sqlite":
        time.sleep(min(held / 4, 0.05))


def _patiently(work: Import, piece: list[Row], header: list[str], problems: Path, *, clock: Clock) -> float:
    """One piece, again where another transaction was in its way: a piece is recorded whole or not at all.

    The seconds that its transaction took.
    """
    given = prepare(piece, order_of(work), now=clock())
    for left in reversed(range(LOCK_TRIES)):
        try:
            began = time.monotonic()
            counts = _work(work, given, header, problems, now=clock())
        except OperationalError as error:
            if not left:
                raise
            log.warning("import waits for a lock", work=work.pk, error=type(error).__name__)
            time.sleep(0.2)
        else:
            for name, count in counts.items():
                setattr(work, name, count)
            break
    return max(time.monotonic() - began, 0.001)


@transaction.atomic
def _work(work: Import, piece: list[Prepared], header: list[str], problems: Path, *, now: datetime) -> dict[str, int]:
    """Records a piece, and commits with it how far the import is: the counts from now on."""
    _update(work, alive_until=now + LEASE)  # holds the row: who takes the work over waits for this piece
    outcome = record(piece, order_of(work), now=now)
    size = work.problems_bytes
    if outcome.problems:
        size = files.write_at(problems, size, _as_csv(outcome, header, with_header=not size))
    counts = {
        "position": work.position + len(piece),
        "recorded": work.recorded + outcome.recorded,
        "updated": work.updated + outcome.updated,
        "duplicates": work.duplicates + outcome.duplicates,
        "broken": work.broken + len(outcome.problems),
        "problems_bytes": size,
        "tries": 0,
    }
    _update(work, **counts)
    return counts


def _as_csv(outcome: Outcome, header: list[str], *, with_header: bool) -> str:
    """The broken rows with all their cells, so that they can be corrected and imported."""
    names = ["Line", "Problem", *header]
    rows = ([row.line, problem, *(row.values.get(name) for name in header)] for row, problem in outcome.problems)
    lines = spreadsheet.lines(names, ([_writable(cell) for cell in cells] for cells in rows))
    return "".join(lines if with_header else list(lines)[2:])


def _writable(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _update(work: Import, **values: object) -> None:
    if not Import.objects.filter(pk=work.pk, state=State.WORKING, claim=work.claim).update(**values):
        raise Lost
