"""The files of exports: VAR_DIR/exports/<id>.csv, readable by this system user only."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings


def folder() -> Path:
    path = Path(settings.VAR_DIR) / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(export_id: str) -> Path:
    return folder() / f"{export_id}.csv"


def part_of(export_id: str, attempt: int) -> Path:
    """Where it is written before it is whole; each attempt has its own."""
    return folder() / f"{export_id}.{attempt}.part"


def create(path: Path) -> IO[str]:
    """A new file with mode 0600 from its first moment."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def remove(export_id: str) -> None:
    for path in folder().glob(f"{export_id}.*"):
        path.unlink(missing_ok=True)


def remove_older_than(seconds: float, *, now: float) -> None:
    """Also files whose export is not in the database any more."""
    for path in folder().iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < now - seconds:
                path.unlink()
