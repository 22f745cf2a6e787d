"""`manage.py partition_tables`: partitions the large tables of a running installation on PostgreSQL, or undoes it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from adtarget.core.partitions import converting
from adtarget.core.partitions.tables import PartitionedTable
from tracker.partitions import SESSIONS, VISITS

TABLES = (SESSIONS, VISITS)


class Command(BaseCommand):
    help = (
        "Partitions visits and sessions by time, so that old ones are dropped and not deleted row by row. Safe while "
        "the product runs; no row is copied. May be interrupted and run again. PostgreSQL only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--undo", action="store_true", help="Make one table of each again; moves the rows back.")

    def handle(self, *, undo: bool, **_: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has partitions. Nothing was changed.")
        try:
            with converting.alone():
                for table in TABLES:
                    self._undo(table) if undo else self._partition(table)
        except converting.CannotPartition as error:
            raise CommandError(str(error)) from error

    def _partition(self, table: PartitionedTable) -> None:
        is_new = converting.partition(table, timezone.now(), say=self.stdout.write)
        self.stdout.write(f"{table.name} is partitioned{'' if is_new else ' already'}.")

    def _undo(self, table: PartitionedTable) -> None:
        was = converting.unite(table, say=self.stdout.write)
        self.stdout.write(f"{table.name} is one table{' again' if was else ' already'}.")
