# ruff: noqa: S608  names of tables only, none of them from outside
"""The partitions by time: made ahead, and dropped when they are old."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings

from adtarget.core.partitions.patience import patiently
from adtarget.core.partitions.tables import RECENT, PartitionedTable, Range, fetch, run

log = structlog.get_logger(__name__)

AHEAD = 3  # widths of a partition, besides the one that is filled now
MAKERS_LOCK = 7_310_451  # of all who make or drop partitions; any number that nobody else locks


def make_ahead(table: PartitionedTable, now: datetime) -> list[Range]:
    """Makes the partitions that will be needed soon; those it made. Any number of processes may do so at once."""
    width = timedelta(days=max(1, settings.PARTITION_DAYS))
    if not table.is_partitioned() or table.covers(now + AHEAD * width):
        return []
    return patiently(lambda: make_now(table, now))


def make_now(table: PartitionedTable, now: datetime) -> list[Range]:
    """The same in the running transaction, also for a table in the making."""
    width = timedelta(days=max(1, settings.PARTITION_DAYS))
    run(f"SELECT pg_advisory_xact_lock({MAKERS_LOCK})")
    there = table.ranges()
    begins = there[-1].until if there else None
    made: list[Range] = []
    while begins is None or begins <= now + AHEAD * width:
        begins = max(begins, _midnight(now)) if begins else _midnight(now)
        one = table.range_until(begins + width)
        since = made[-1].until if made else (there[-1].until if there else None)
        _make(table, one, since)
        made.append(one)
        begins = one.until
    return made


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _make(table: PartitionedTable, one: Range, since: datetime | None) -> None:
    """Makes a partition that begins where the one before ends, and takes over its rows that lay in the rest."""
    low = table.bound(since) if since else None
    high = table.bound(one.until)
    run(f"LOCK TABLE {table.rest} IN ACCESS EXCLUSIVE MODE")  # no row may come to it between the next statements
    run(f"CREATE TABLE {one.table} (LIKE {table.recent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)")
    run(f"ALTER TABLE {one.table} ADD PRIMARY KEY (id)")
    run(
        f"WITH gone AS (DELETE FROM {table.rest} WHERE id >= %s AND id < %s RETURNING *) "
        f"INSERT INTO {one.table} SELECT * FROM gone",
        low or "",
        high,
    )
    begins = f"'{low}'" if low else "MINVALUE"
    run(f"ALTER TABLE {table.recent} ATTACH PARTITION {one.table} FOR VALUES FROM ({begins}) TO ('{high}')")


def missing(table: PartitionedTable, now: datetime) -> bool:
    """Whether rows of the time after this partition's have no partition yet."""
    return table.is_partitioned() and not table.covers(now + timedelta(days=max(1, settings.PARTITION_DAYS)))


def old_ranges(table: PartitionedTable, before: datetime) -> list[Range]:
    """The partitions all of whose rows were made before."""
    if not table.is_partitioned():
        return []
    return [one for one in table.ranges() if one.until <= before]


def bounds(table: PartitionedTable, one: Range) -> tuple[str, str]:
    """The id with which the rows of a partition begin, '' for the very first, and the one before which they end."""
    bound = fetch("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass(%s)", one.table)
    begins = re.search(r"FROM \('(\w+)'\)", bound[0][0]) if bound else None
    return begins[1] if begins else "", table.bound(one.until)


def drop(table: PartitionedTable, one: Range, *, keep: Callable[[], None]) -> None:
    """Drops a partition after `keep` has moved the rows that must stay.

    `keep` works while the table is in use, and once more when no other transaction can refer to a row any more.
    """
    keep()

    def drop_now() -> None:
        run(f"SELECT pg_advisory_xact_lock({MAKERS_LOCK})")
        if one not in table.ranges():
            return  # another process was faster
        run(f"LOCK TABLE {table.recent} IN ACCESS EXCLUSIVE MODE")
        keep()
        run(f"DROP TABLE {one.table}")

    patiently(drop_now)
    log.info("partition dropped", table=table.name, partition=one.table)


def strays(table: PartitionedTable, high: str, limit: int) -> list[str]:
    """The ids below `high` of rows that came when no partition was there for them."""
    if not table.is_partitioned():
        return []
    return [row[0] for row in fetch(f"SELECT id FROM {table.rest} WHERE id < %s ORDER BY id LIMIT {limit}", high)]


def delete_strays(table: PartitionedTable, ids: list[str]) -> None:
    run(f"DELETE FROM {table.rest} WHERE id = ANY(%s)", ids)


def move(table: PartitionedTable, ids: list[str], *, to: int) -> int:
    """Moves recent rows into another part, in one statement."""
    return run(f"UPDATE {table.name} SET part = {to} WHERE part = {RECENT} AND id = ANY(%s)", ids) if ids else 0


def rows_in(table: str) -> int:
    """About how many rows a table has, as PostgreSQL estimates it."""
    found = fetch("SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", table)
    return int(found[0][0]) if found else 0
