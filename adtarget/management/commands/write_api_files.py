"""`manage.py write_api_files`: writes what is made from the API's description and from the table of reasons."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from drf_spectacular.settings import spectacular_settings

from adtarget.api.collection import collection
from dispatch import reasons

BRUNO = "clients/bruno"
REASONS = "clients/mcp/src/adtarget_mcp/reasons.json"


class Command(BaseCommand):
    help = "Writes clients/bruno and the reasons of clients/mcp again, after a change of the API or of a reason."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether they are current.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = files()
        old = _different(wanted)
        if options["check"]:
            if old:
                raise CommandError(f"Not current: {', '.join(old)}. Run manage.py write_api_files.")
            return
        for name in old:
            path = settings.BASE_DIR / name
            if name not in wanted:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        self.stdout.write(f"{len(old)} of {len(wanted)} files written.")


def files() -> dict[str, str]:
    """The files by their path in the repository."""
    schema = json.loads(
        json.dumps(spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(request=None, public=True), default=str)
    )
    words = {code: reasons.words_of(code) for code in reasons.codes()}
    told = {code: f"{word.meaning} {word.advice}" for code, word in words.items()}
    requests = {f"{BRUNO}/{name}": text for name, text in collection(schema).items()}
    return {**requests, REASONS: json.dumps(told, indent=2, ensure_ascii=False) + "\n"}


def _different(wanted: dict[str, str]) -> list[str]:
    """The files that differ, or are there and should not be."""
    there = {str(path.relative_to(settings.BASE_DIR)) for path in _requests_there()}
    return sorted(name for name in {*wanted, *there} if _content(name) != wanted.get(name))


def _requests_there() -> list[Path]:
    return [path for path in (settings.BASE_DIR / BRUNO).rglob("*") if path.suffix in (".bru", ".json")]


def _content(name: str) -> str | None:
    path = settings.BASE_DIR / name
    return path.read_text("utf-8") if path.exists() else None
