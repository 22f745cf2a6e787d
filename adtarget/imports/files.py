"""The files of imports in VAR_DIR/imports, for this system user only: what was uploaded, and its broken rows."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings


def folder() -> Path:
    path = Path(settings.VAR_DIR) / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def upload_of(import_id: str) -> Path:
    return folder() / f"{import_id}.upload"


def problems_of(import_id: str) -> Path:
    return folder() / f"{import_id}.problems.csv"


def keep_upload(import_id: str, pieces: Iterable[bytes]) -> str:
    """Writes an uploaded file with mode 0600 from its first moment; the SHA-256 of its content."""
    digest = hashlib.sha256()
    descriptor = os.open(upload_of(import_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_at(path: Path, position: int, text: str) -> int:
    """Writes text behind the first `position` bytes, dropping what stands there; the new length.

    A killed run may have written more than it committed: what it wrote is
    written again.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(position)
        file.seek(position)
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def remove(import_id: str) -> None:
    for path in folder().glob(f"{import_id}.*"):
        path.unlink(missing_ok=True)


def remove_older_than(seconds: float, *, now: float) -> None:
    """Also files whose import is not in the database any more."""
    for path in folder().iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < now - seconds:
                path.unlink()
