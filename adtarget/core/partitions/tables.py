"""A partitioned table: its parts and their names, and what PostgreSQL says of them.

`part` is a column of PostgreSQL only, which the models do not know. It says in which part a row lies:

    tracker_visit           the table as the models name it, partitioned by `part`
      tracker_visit_whole     0: the table as it was before; before the conversion it is the only one
      tracker_visit_recent    1: new rows, partitioned by id, whose beginning is the time
        tracker_visit_to_20261130   up to the beginning of that day (UTC), dropped when it is old
        tracker_visit_rest          those for which no partition was there
      tracker_visit_kept      2: rows that something refers to, moved here before their partition is dropped
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from adtarget.core.ids import first_id_of_moment

WHOLE, RECENT, KEPT = 0, 1, 2
_DAY = "%Y%m%d"


@dataclass(frozen=True, slots=True)
class Range:
    """One partition of the recent rows: those made before `until` and from the end of the one before on."""

    table: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table whose ids are made by `new_id(prefix)`, so that they sort by time."""

    name: str
    prefix: str

    @property
    def whole(self) -> str:
        return f"{self.name}_whole"

    @property
    def recent(self) -> str:
        return f"{self.name}_recent"

    @property
    def kept(self) -> str:
        return f"{self.name}_kept"

    @property
    def rest(self) -> str:
        return f"{self.name}_rest"

    @property
    def in_making(self) -> str:
        """The partitioned table before it takes the place of the whole one, and after it has lost it again."""
        return f"{self.name}_parted"

    def range_until(self, until: datetime) -> Range:
        return Range(f"{self.name}_to_{until.astimezone(UTC):{_DAY}}", until)

    def bound(self, moment: datetime) -> str:
        """The id with which the rows of that moment begin."""
        return first_id_of_moment(self.prefix, moment)

    def is_partitioned(self) -> bool:
        return connection.vendor == "postgresql" and kind_of(self.name) == "p"

    def ranges(self) -> list[Range]:
        """The partitions by time, the oldest first."""
        form = re.compile(rf"{re.escape(self.name)}_to_(\d{{8}})")
        found = [form.fullmatch(name) for name in partitions_of(self.recent)]
        days = sorted(match[1] for match in found if match)
        return [self.range_until(datetime.strptime(day, _DAY).replace(tzinfo=UTC)) for day in days]

    def covers(self, moment: datetime) -> bool:
        """Whether a partition waits for the rows of that moment."""
        return any(moment < one.until for one in self.ranges())


def kind_of(table: str) -> str:
    """`r` a table, `p` a partitioned one, '' none; as PostgreSQL's pg_class.relkind says it."""
    found = fetch("SELECT relkind::text FROM pg_class WHERE oid = to_regclass(%s)", table)
    return str(found[0][0]) if found else ""


def partitions_of(table: str) -> list[str]:
    return [name for (name,) in fetch(_PARTITIONS, table)]


_PARTITIONS = """
    SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid
    WHERE inhparent = to_regclass(%s) ORDER BY part.relname
"""


def fetch(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def run(sql: str, *values: Any) -> int:
    """Runs a statement; how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)
