"""`manage.py erase_person`: erases a person from an account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from adtarget.core import errors
from conversions.erasing import erase_person
from leads.models import Account


class Command(BaseCommand):
    help = (
        "Erases a Telegram user from an account: events stay in the figures without the person, open sends end, and "
        "earlier requests about the person may not come in again. It cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("telegram_user_id", type=int, metavar="TELEGRAM_ID")
        parser.add_argument("--account", required=True, help="Name or id of the account.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *, telegram_user_id: int, account: str, yes: bool, **_: Any) -> None:
        found = Account.objects.filter(pk=account).first() or Account.objects.filter(name=account).first()
        if found is None:
            raise CommandError(f"There is no account {account}. Nothing was changed.")
        if not yes and input(f"Erase {telegram_user_id} from {found} for good? [y/N] ").strip().lower() != "y":
            raise CommandError("Nothing was changed.")
        try:
            erased = erase_person(found, telegram_user_id, actor="manage.py erase_person", now=timezone.now())
        except errors.LeadNotFound as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(
            f"Erased: {erased.leads} leads, {erased.conversions} conversions, {erased.visits} visits; "
            f"{erased.sends_cancelled} open sends were cancelled."
        )
