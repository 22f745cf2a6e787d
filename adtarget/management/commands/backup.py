"""`manage.py backup`: one archive of the database and the data folder, while the product runs."""

import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from adtarget import VERSION
from adtarget.operating.backup import keeping
from adtarget.operating.backup.databases import DatabaseTrouble
from adtarget.operating.backup.making import make_backup
from adtarget.operating.backup.sealing import CannotSeal, Seal


class Command(BaseCommand):
    help = (
        "Writes a consistent archive of database and data folder while everything runs. `restore --verify` proves it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", type=Path, default=Path(), help="A folder, or a file ending in .tar. Default: here."
        )
        parser.add_argument("--encrypt-to", default="", metavar="age1…", help="An age public key to encrypt to.")
        parser.add_argument(
            "--passphrase-file", type=Path, help="A file with a passphrase to encrypt by; - asks for it."
        )
        parser.add_argument(
            "--with-secrets", action="store_true", help="Also the generated secrets of the data folder."
        )
        parser.add_argument("--keep", type=keeping.read_rule, metavar="7d4w", help="Then delete older archives there.")

    def handle(self, *_: Any, to: Path, keep: tuple[int, int, int] | None, **options: Any) -> None:
        if not to.is_dir() and (to.suffix != ".tar" or not to.parent.is_dir()):
            raise CommandError(f"{to} is neither a folder nor a file ending in .tar in one.")
        seal = Seal(recipient=options["encrypt_to"], passphrase=read_passphrase(options["passphrase_file"], twice=True))
        try:
            made = make_backup(
                to,
                version=VERSION,
                seal=seal,
                with_secrets=options["with_secrets"],
                now=timezone.now(),
                say=self.stdout.write,
            )
        except (DatabaseTrouble, CannotSeal, OSError) as error:
            raise CommandError(f"No backup was made. {error}") from error
        self.stdout.write(self.style.SUCCESS(f"{made} holds {made.stat().st_size / 1e6:,.1f} MB."))
        for file in keeping.superfluous(made.parent.iterdir(), keep) if keep else ():
            file.unlink()
            self.stdout.write(f"{file.name} was deleted.")


def read_passphrase(file: Path | None, *, twice: bool = False) -> str:
    """From the file, or asked for where it is `-`; '' without one."""
    if file is None:
        return ""
    if str(file) != "-":
        text = file.read_text().strip()
    else:
        text = getpass.getpass("Passphrase: ")
        if twice and text != getpass.getpass("Again: "):
            raise CommandError("These are two passphrases. Nothing was done.")
    if not text:
        raise CommandError("The passphrase is empty. Nothing was done.")
    return text
