"""`manage.py audit_reports`: proves that the daily reports say what the rows say."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from adtarget.reports import auditing, building
from leads.models import Account


class Command(BaseCommand):
    help = (
        "Compares each counted day with its rows. Exit code 0 only if all agree. Changes nothing, unless --count first "
        "counts the days that are due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default="", help="The name of one account; default: all.")
        parser.add_argument("--count", action="store_true", help="Count what is due first, however long it takes.")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = list(Account.objects.filter(**({"name": options["account"]} if options["account"] else {})))
        if options["account"] and not accounts:
            raise CommandError(f"There is no account named {options['account']}.")
        now = timezone.now()
        if options["count"]:
            self.stdout.write(f"{building.count_days(now, seconds=float('inf'))} days counted.")
        compared = wrong = 0
        for difference in auditing.audit(accounts, now=now):
            compared += 1
            if difference is not None:
                wrong += 1
                self.stdout.write(f"✗ {difference}")
        self.stdout.write(f"{compared} comparisons, {wrong} differences.")
        if wrong:
            raise SystemExit(1)
