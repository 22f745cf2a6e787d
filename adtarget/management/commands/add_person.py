"""`manage.py add_person`: gives a person access to an account."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from leads import audit, members
from leads.choices import Role
from leads.models import Account, Membership


class Command(BaseCommand):
    help = (
        "Adds a person who signs in here already to an account, by their user name. Make sure that it is they: an "
        "e-mail address in a user name or in the list proves nothing unless AdTarget mailed the invitation."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("--account", required=True, help="Name or id of the account.")
        parser.add_argument("--role", choices=Role.values, default=Role.STAFF, help="(%(default)s)")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *, username: str, account: str, role: str, yes: bool, **_: Any) -> None:
        wanted = Account.objects.filter(pk=account).first() or Account.objects.filter(name=account).first()
        if wanted is None:
            raise CommandError(f"There is no account {account}. Nothing was changed.")
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no account with the user name {username}. Nothing was changed.")
        if not yes and input(f"{_told_of(user)} Add to {wanted} as {role}? [y/N] ").strip().lower() != "y":
            raise CommandError("Nothing was changed.")
        try:
            with transaction.atomic():
                members.add(wanted, user, Role(role))
                audit.record(
                    actor="manage.py add_person",
                    action="add_person",
                    target=username,
                    account=wanted,
                    details={"role": role},
                )
        except members.Refused as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"{username} belongs to {wanted} now, as {role}.")


def _told_of(user: User) -> str:
    """Whose sign-in it is, as far as it is known here."""
    theirs = Membership.objects.filter(user=user).select_related("account")
    accounts = ", ".join(f"{membership.account} ({membership.role})" for membership in theirs) or "no account"
    return f"{user.get_username()} belongs to {accounts}; last sign-in {user.last_login or 'never'}."
