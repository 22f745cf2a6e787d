"""`manage.py restore`: proves a backup by restoring it beside the running database, or puts it in its place."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from adtarget.core import heartbeat
from adtarget.management.commands.backup import read_passphrase
from adtarget.operating.backup import databases, delivering, restoring
from adtarget.operating.backup.databases import DatabaseTrouble
from adtarget.operating.backup.manifest import NotABackup
from adtarget.operating.backup.restoring import Keys, Restored

#: A worker reports every few seconds.
ALIVE_SECONDS = 15


class Command(BaseCommand):
    help = "Restores an archive beside the running database, checks it, and with --apply puts it in that one's place."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--verify", action="store_true", help="Check it and drop it again; the product keeps running.")
        way.add_argument(
            "--apply", action="store_true", help="Check it, then replace the database. Stop all processes first."
        )
        parser.add_argument("--identity", type=Path, help="A file with the age key (AGE-SECRET-KEY-1…) that opens it.")
        parser.add_argument("--passphrase-file", type=Path, help="A file with the passphrase that opens it; - asks.")
        parser.add_argument("--yes", action="store_true", help="Do not ask before --apply.")

    def handle(self, *_: Any, file: Path, apply: bool, identity: Path | None, **options: Any) -> None:
        keys = Keys(_identity(identity), read_passphrase(options["passphrase_file"]))
        if apply:
            self._refuse_running(asks=not options["yes"])
        try:
            with restoring.restored(file, keys, vendor=connection.vendor, say=self.stdout.write) as found:
                self._verify(found)
                if apply:
                    self._apply(found)
        except (NotABackup, DatabaseTrouble, OSError) as error:
            raise CommandError(f"{error} Nothing was changed.") from error

    def _verify(self, found: Restored) -> None:
        facts = found.facts
        wrong = restoring.verify(found) or delivering.try_sandbox(found)
        if wrong:
            raise CommandError("The backup does not hold:\n" + "\n".join(f"  {line}" for line in wrong))
        self.stdout.write(
            f"Made {facts.created_at:%Y-%m-%d %H:%M} UTC by AdTarget {facts.version}, {facts.database}.\n"
            f"✓ {sum(facts.rows.values()):,} rows of {len(facts.rows)} tables, each table as in the manifest\n"
            f"✓ {len(facts.sha256)} files, each with its SHA-256\n"
            "✓ migrations: up to this release\n"
            "✓ audit_sends: nothing lost, nothing doubled\n"
            "✓ a test event to each connected platform, at a sandbox"
        )
        self.stdout.write(self.style.SUCCESS("The backup holds."))

    def _refuse_running(self, *, asks: bool) -> None:
        if heartbeat.seen_within(ALIVE_SECONDS):
            raise CommandError("A worker runs. Stop web, worker and beat first. Nothing was changed.")
        if asks and input("Put this backup in the place of the database? [y/N] ").strip().lower() != "y":
            raise CommandError("Nothing was changed.")

    def _apply(self, found: Restored) -> None:
        held = found.manage("hold_restored_sends", "--made-at", found.facts.created_at.isoformat())
        if held.returncode:
            raise CommandError(f"Open sends could not be looked at: {held.stderr.strip()} Nothing was changed.")
        kept = databases.swap(found.database_url, former=f"before_{timezone.now():%Y%m%dT%H%M%S}")
        restoring.put_back(found.var, Path(settings.VAR_DIR))
        self.stdout.write(f"The former database is kept as {kept}.")
        count = int(held.stdout)
        if count:
            self.stdout.write(
                f"{count:,} sends were open more than two days ago and wait as failed, reason restored: retry what the "
                "platforms do not show."
            )
        self.stdout.write(self.style.SUCCESS("Restored. Start web, worker and beat."))


def _identity(file: Path | None) -> str:
    if file is None:
        return ""
    lines = [line.strip() for line in file.read_text().splitlines()]
    return next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
