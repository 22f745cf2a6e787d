"""`manage.py import_conversions`: records the conversions of a CSV or JSON lines file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from adtarget.core.progress import Bar
from adtarget.imports import files, mapping, previews, reading, running
from adtarget.imports.models import Import, State
from adtarget.imports.rows import Order, Outcome
from leads.models import Account


class Command(BaseCommand):
    help = (
        "Records the conversions of a CSV or JSON lines file by the rules of the API: duplicates, hashing, consent, "
        "known and new people. Columns are named like the fields of POST /api/v1/events/conversion. Broken rows are "
        "written to a file and left out. A run that was killed goes on with --resume, without recording a row twice. "
        "docs/import.md describes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--account", default="", help="Its id or name; not needed where there is only one.")
        parser.add_argument("--history-only", action="store_true", help="Record the events, and never send them.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")
        parser.add_argument("--resume", action="store_true", help="Go on with a run of this file that was killed.")
        parser.add_argument(
            "--map", action="append", default=[], metavar="FIELD=COLUMN", help="Such as value=Total; may be repeated."
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE", help="Such as currency=EUR, for every row."
        )
        parser.add_argument(
            "--problems", type=Path, help="Where broken rows are written; FILE.problems.csv where not given."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            order, rows = self._order(path, options), reading.count(path)
            if options["dry_run"]:
                self._try_out(path, order, rows)
            else:
                self._import(path, order, rows, options)
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
        except reading.Unusable as error:
            raise CommandError(f"{path}: {error}") from error

    def _order(self, path: Path, options: dict[str, Any]) -> Order:
        header = reading.columns(path)
        chosen, fixed = _pairs(options["map"]), _pairs(options["set"])
        for name in (*chosen, *fixed):
            if name not in mapping.fields():
                raise CommandError(f"There is no field {name}. There are: {', '.join(mapping.fields())}.")
        for column in chosen.values():
            if column not in header:
                raise CommandError(f"There is no column {column}. There are: {', '.join(header)}.")
        guessed = mapping.guess(header)
        columns = {column: name for column, name in guessed.items() if name not in chosen} | {
            column: name for name, column in chosen.items()
        }
        if missing := mapping.missing(columns, fixed):
            raise CommandError(
                f"No column is named {' or '.join(missing)}. Say which it is, such as --map {missing[0]}=COLUMN; "
                f"there are: {', '.join(header)}."
            )
        account = _account(options["account"])
        return Order(account=account, columns=columns, fixed=fixed, is_history=options["history_only"])

    def _try_out(self, path: Path, order: Order, rows: int) -> None:
        self._say_columns(order)
        total, bar, left = Outcome(), Bar(rows, self.stderr), reading.read(path)
        while (tried := previews.preview(left, order, now=timezone.now(), most=running.ROWS_AT_ONCE)).rows:
            total.take(tried.outcome)
            bar.advance(tried.rows)
        self.stdout.write(f"{rows:,} rows: {total.recorded:,} new events, {total.warm:,} of known people.")
        self.stdout.write(f"{total.known:,} known before, {len(total.problems):,} broken.")
        for platform, count in total.platforms:
            self.stdout.write(f"  {count:,} would be sent to {platform}")
        for row, problem in total.problems[:20]:
            self.stdout.write(f"  line {row.line}: {problem}")
        self.stdout.write("Nothing was changed. Repeats within the file are found once it is imported.")

    def _import(self, path: Path, order: Order, rows: int, options: dict[str, Any]) -> None:
        work = self._begin(path, order, rows, options)
        if work.state == State.DONE:
            self.stdout.write("This file is imported already. Nothing was changed.")
            return
        problems = options["problems"] or path.with_name(f"{path.name}.problems.csv")
        bar = Bar(rows, self.stderr)
        bar.advance(work.position)
        try:
            running.claim(work, now=timezone.now())
            running.run(work, path, problems, clock=timezone.now, progress=bar.advance)
        except running.Lost as error:
            raise CommandError("Another process works on this file now.") from error
        except KeyboardInterrupt as error:
            raise CommandError(f"Stopped at row {work.position:,} of {rows:,}. --resume goes on.") from error
        self.stdout.write(
            f"{work.recorded:,} recorded, {work.updated:,} completed, {work.duplicates:,} known before, "
            f"{work.broken:,} broken{f': {problems}' if work.broken else ''}."
        )
        if work.broken and work.broken == rows:
            raise CommandError("No row could be recorded.")

    def _begin(self, path: Path, order: Order, rows: int, options: dict[str, Any]) -> Import:
        digest = files.sha256_of(path)
        mine = Import.objects.filter(account=order.account, sha256=digest, asked_by__isnull=True)
        earlier = mine.select_related("account").order_by("-created_at").first()
        if earlier is not None and options["resume"]:
            if earlier.is_history != order.is_history:
                raise CommandError("This file was begun with the other choice of --history-only.")
            return earlier
        if earlier is not None and earlier.is_open:
            raise CommandError(
                f"This file was begun already and is at row {earlier.position:,} of {earlier.rows:,}. --resume goes on."
            )
        self._say_columns(order)
        return Import.objects.create(
            account=order.account,
            name=path.name[:200],
            sha256=digest,
            rows=rows,
            state=State.WAITING,
            columns=dict(order.columns),
            fixed=dict(order.fixed),
            is_history=order.is_history,
        )

    def _say_columns(self, order: Order) -> None:
        for column, name in order.columns.items():
            self.stdout.write(f"  {column} → {name}")


def _pairs(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise CommandError(f"Write {text} as FIELD=…")
    return dict(text.split("=", 1) for text in texts)


def _account(named: str) -> Account:
    found = Account.objects.filter(Q(pk=named) | Q(name=named)) if named else Account.objects.all()
    accounts = list(found.order_by("name")[:20])
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise CommandError(f"There is no account {named}." if named else "There is no account yet.")
    raise CommandError(f"Say which account: --account with one of {', '.join(account.pk for account in accounts)}.")
