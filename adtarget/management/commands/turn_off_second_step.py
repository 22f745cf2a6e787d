"""`manage.py turn_off_second_step`: for a person who lost phone and recovery codes."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from leads import audit, second_step, sign_in


class Command(BaseCommand):
    help = "Turns off the second step of a person who lost phone and recovery codes, and signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no account with the user name {username}. Nothing was changed.")
        if not second_step.is_on(user):
            raise CommandError(f"{username} has no second step. Nothing was changed.")
        with transaction.atomic():
            second_step.turn_off(user)
            sign_in.end_sessions(user)
            audit.record(actor="manage.py turn_off_second_step", action="turn_off_second_step", target=username)
        self.stdout.write(f"{username} signs in with the password alone now.")
