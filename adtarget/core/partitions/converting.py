# ruff: noqa: S608  names of tables only, none of them from outside
"""Turns a table in use into a partitioned one, and back, while requests read and write it.

Each phase is a transaction of its own and may be run again after an interruption. Locks that requests would wait for
are held for milliseconds: the old table is not copied, it becomes the first part.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import transaction

from adtarget.core.partitions.patience import patiently
from adtarget.core.partitions.ranges import make_ahead, make_now, rows_in
from adtarget.core.partitions.tables import (
    KEPT,
    RECENT,
    WHOLE,
    PartitionedTable,
    fetch,
    kind_of,
    run,
)

CONVERSION_LOCK = 7_310_450  # one conversion at a time; any number that nobody else locks
AT_ONCE = 1000  # rows that move back in one transaction

Say = Callable[[str], object]


class CannotPartition(Exception):
    """Why a table cannot be converted; nothing was changed."""


@contextmanager
def alone() -> Iterator[None]:
    """Keeps others from converting at the same time. Raises CannotPartition where somebody does already."""
    if not fetch(f"SELECT pg_try_advisory_lock({CONVERSION_LOCK})")[0][0]:
        raise CannotPartition("Another process converts tables at this moment.")
    try:
        yield
    finally:
        run(f"SELECT pg_advisory_unlock({CONVERSION_LOCK})")


# ------------------------------------------------------------------ whole → partitioned
def partition(table: PartitionedTable, now: datetime, *, say: Say) -> bool:
    """Makes a partitioned table of it; False where it is one already. Raises CannotPartition."""
    if table.is_partitioned():
        if not _is_filled(table):  # an undoing was interrupted
            patiently(lambda: run(f"ALTER TABLE {table.name} ALTER COLUMN part SET DEFAULT {RECENT}"))
        make_ahead(table, now)
        return False
    _check(table)
    say(f"{table.name}: 1 of 3, makes the partitioned table beside it")
    patiently(lambda: _prepare(table, now))
    say(f"{table.name}: 2 of 3, looks through about {rows_in(table.name):,} rows, which stay where they are")
    patiently(lambda: _promise_whole(table))
    _without_limit(f"ALTER TABLE {table.name} VALIDATE CONSTRAINT {table.whole}_part")
    say(f"{table.name}: 3 of 3, takes its place")
    patiently(lambda: _take_place(table))
    return True


def _is_filled(table: PartitionedTable) -> bool:
    """Whether new rows go into the partitions by time."""
    default = fetch(
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum "
        "WHERE adrelid = to_regclass(%s) AND attname = 'part'",
        table.name,
    )
    return bool(default) and str(default[0][0]).strip("'").startswith(str(RECENT))


_REFERRING = "SELECT conrelid::regclass::text FROM pg_constraint WHERE confrelid = to_regclass(%s)"


def _check(table: PartitionedTable) -> None:
    if kind_of(table.name) != "r":
        raise CannotPartition(f"There is no table {table.name}. Run migrate first.")
    if not fetch("SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'part'", table.name):
        raise CannotPartition(f"{table.name} has no column for its parts yet. Run migrate first.")
    if found := fetch(_REFERRING, table.name):
        raise CannotPartition(f"{found[0][0]} has a foreign key to {table.name}. Run migrate first.")
    if any("UNIQUE" in definition for _, definition in _indexes(table.name)):
        raise CannotPartition(f"{table.name} has a unique index besides its key, which parts could not keep.")
    # Bounds are ids as text: the order of the database must be the order of the id's letters.
    sorted_ids = fetch(
        "SELECT 'a_0' < 'a_9' AND 'a_9' < 'a_a' AND 'a_az' < 'a_b0' AND 'a_aa' < 'a_ab' AND 'a_y' < 'a_z'"
    )
    if not sorted_ids[0][0]:
        raise CannotPartition("The database's collation does not sort ids by their letters. Nothing is partitioned.")


def _prepare(table: PartitionedTable, now: datetime) -> None:
    """The partitioned table with its parts, empty, under a name that nobody uses yet."""
    new = table.in_making
    run(f"DROP TABLE IF EXISTS {new} CASCADE")
    everything = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"
    run(f"CREATE TABLE {new} (LIKE {table.name} {everything}) PARTITION BY LIST (part)")
    run(f"ALTER TABLE {new} ALTER COLUMN part SET DEFAULT {RECENT}")
    run(f"ALTER TABLE {new} DROP CONSTRAINT IF EXISTS {table.whole}_part")
    run(f"CREATE TABLE {table.kept} PARTITION OF {new} FOR VALUES IN ({KEPT})")
    run(f"CREATE TABLE {table.recent} PARTITION OF {new} FOR VALUES IN ({RECENT}) PARTITION BY RANGE (id)")
    run(f"CREATE TABLE {table.rest} PARTITION OF {table.recent} DEFAULT")
    for part in (table.kept, table.rest):
        run(f"ALTER TABLE {part} ADD PRIMARY KEY (id)")
    for name, definition in _indexes(table.name):
        run(re.sub(r"^CREATE INDEX \S+ ON \S+ USING", f"CREATE INDEX {_in_making(name)} ON {new} USING", definition))
    for name, definition in _foreign_keys(table.name):
        run(f"ALTER TABLE {new} ADD CONSTRAINT {name} {definition}")
    make_now(table, now)


def _promise_whole(table: PartitionedTable) -> None:
    """A constraint by which PostgreSQL knows, without looking, that all rows may stay together as one part."""
    run(f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {table.whole}_part")
    run(f"ALTER TABLE {table.name} ADD CONSTRAINT {table.whole}_part CHECK (part = {WHOLE}) NOT VALID")


def _take_place(table: PartitionedTable) -> None:
    run(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
    indexes = [name for name, _ in _indexes(table.name)]
    run(f"ALTER TABLE {table.name} RENAME TO {table.whole}")
    for name in indexes:
        run(f"ALTER INDEX {name} RENAME TO {_of_whole(name)}")
        run(f"ALTER INDEX {_in_making(name)} RENAME TO {name}")
    run(f"ALTER TABLE {table.in_making} RENAME TO {table.name}")
    run(f"ALTER TABLE {table.name} ATTACH PARTITION {table.whole} FOR VALUES IN ({WHOLE})")


# ------------------------------------------------------------------ partitioned → whole
def unite(table: PartitionedTable, *, say: Say) -> bool:
    """Makes one table of it again; False where it is one already."""
    if not table.is_partitioned():
        return False
    say(f"{table.name}: 1 of 3, writes new rows into the whole table again")
    patiently(lambda: run(f"ALTER TABLE {table.name} ALTER COLUMN part SET DEFAULT {WHOLE}"))
    total = sum(rows_in(part) for part in [*_leaves(table)])
    say(f"{table.name}: 2 of 3, moves about {total:,} rows back")
    _move_back(table, say=say)
    say(f"{table.name}: 3 of 3, takes the place of the parts")
    patiently(lambda: _give_place_back(table))
    patiently(lambda: run(f"DROP TABLE {table.in_making} CASCADE"))
    return True


def _leaves(table: PartitionedTable) -> list[str]:
    return [*(one.table for one in table.ranges()), table.rest, table.kept]


def _move_back(table: PartitionedTable, *, say: Say) -> None:
    """In small transactions. Rows that somebody works with at the moment are moved in the next round."""
    moved = 0
    for part in _leaves(table):
        while fetch(f"SELECT 1 FROM {part} LIMIT 1"):
            for ids in _keys(part):
                moved += patiently(partial(_move_some, table, part, ids))
                if moved % (50 * AT_ONCE) < AT_ONCE:
                    say(f"{table.name}: {moved:,} rows moved")


def _keys(part: str) -> Iterator[list[str]]:
    """All keys of a part, some at once, in their order."""
    last = ""
    while found := fetch(f"SELECT id FROM {part} WHERE id > %s ORDER BY id LIMIT {AT_ONCE}", last):
        yield [row[0] for row in found]
        last = found[-1][0]


def _move_some(table: PartitionedTable, part: str, ids: list[str]) -> int:
    free = [row[0] for row in fetch(f"SELECT id FROM {part} WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED", ids)]
    return run(f"UPDATE {table.name} SET part = {WHOLE} WHERE part <> {WHOLE} AND id = ANY(%s)", free) if free else 0


def _give_place_back(table: PartitionedTable) -> None:
    run(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
    indexes = [name for name, _ in _indexes(table.name)]
    run(f"ALTER TABLE {table.name} DETACH PARTITION {table.whole}")
    run(f"ALTER TABLE {table.name} RENAME TO {table.in_making}")
    for name in indexes:
        run(f"ALTER INDEX {name} RENAME TO {_in_making(name)}")
    for name in indexes:
        run(f"ALTER INDEX {_of_whole(name)} RENAME TO {name}")
    run(f"ALTER TABLE {table.whole} RENAME TO {table.name}")
    run(f"ALTER TABLE {table.name} DROP CONSTRAINT IF EXISTS {table.whole}_part")


# ------------------------------------------------------------------ what a table has
def _indexes(table: str) -> list[tuple[str, str]]:
    """Name and definition of each index but the primary key's."""
    return [
        (str(name), str(definition))
        for name, definition in fetch(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = to_regclass(%s) AND NOT i.indisprimary ORDER BY c.relname",
            table,
        )
    ]


def _foreign_keys(table: str) -> list[tuple[str, str]]:
    return [
        (str(name), str(definition))
        for name, definition in fetch(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = to_regclass(%s) AND contype = 'f' ORDER BY conname",
            table,
        )
    ]


def _in_making(index: str) -> str:
    return f"{_short(index)}_parted"


def _of_whole(index: str) -> str:
    return f"{_short(index)}_whole"


def _short(index: str) -> str:
    """With room for an ending: PostgreSQL's names have at most 63 bytes."""
    return index if len(index) <= 50 else f"{index[:35]}_{index[-14:]}"


def _without_limit(sql: str) -> None:
    """A statement that may take minutes and that nobody waits for."""
    with transaction.atomic():
        run("SET LOCAL statement_timeout = 0")
        run(sql)
