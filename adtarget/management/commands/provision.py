"""`manage.py provision`: creates and updates accounts from a JSON document."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from adtarget import provisioning
from adtarget.core import exact_json


class Command(BaseCommand):
    help = "Creates or updates accounts, sites, pixels, channels, bots and keys from a JSON document; prints their ids."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The document; - reads standard input.")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        document = _read(file)
        try:
            answer = provisioning.provision(document, now=timezone.now(), actor="manage.py provision")
        except provisioning.WrongField as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except IntegrityError as error:
            raise CommandError(
                "Another provision ran at the same moment; run it again. Nothing was changed."
            ) from error
        self.stdout.write(json.dumps(answer, indent=2))


def _read(file: str) -> Any:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
    try:
        return exact_json.loads(content)
    except ValueError as error:
        raise CommandError(f"{'Standard input' if file == '-' else file} is not JSON: {error}.") from error
