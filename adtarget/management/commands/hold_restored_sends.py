"""`manage.py hold_restored_sends`: what `restore --apply` does with sends that were open in an old backup."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from dispatch.holding import hold_restored


class Command(BaseCommand):
    help = "Ends sends that were open in a backup of more than two days ago; they wait for a retry by people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--made-at", type=datetime.fromisoformat, required=True, help="When the backup was made.")

    def handle(self, *_: Any, made_at: datetime, **__: Any) -> None:
        self.stdout.write(str(hold_restored(made_at=made_at, now=timezone.now())))
