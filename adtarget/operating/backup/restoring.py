"""Proves an archive by restoring it beside the running database, and puts it in that one's place."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from adtarget.operating.backup import databases, manifest, sealing
from adtarget.operating.backup.making import Say
from adtarget.operating.backup.manifest import Manifest, NotABackup


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens an encrypted archive."""

    identity: str = ""
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """An unpacked archive whose database is restored at `database_url`."""

    facts: Manifest
    folder: Path
    database_url: str

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of the product on the restored database, with nothing else of this installation."""
        environment = {**os.environ, "DATABASE_URL": self.database_url, "REDIS_URL": "", "VAR_DIR": str(self.var)}
        environment |= {
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEY": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        }
        environment |= more
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603

    @property
    def var(self) -> Path:
        return self.folder / "var"


@contextmanager
def restored(archive: Path, keys: Keys, *, vendor: str, say: Say) -> Iterator[Restored]:
    """Unpacks, checks every SHA-256, restores beside the running database. Raises NotABackup, DatabaseTrouble."""
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix=".restore-") as name:
        folder = Path(name)
        say(f"Unpacking {archive.name} …")
        facts = _unpack(archive, folder, keys)
        if facts.database != vendor:
            raise NotABackup(f"The archive holds a {facts.database} database; DATABASE_URL names {vendor}.")
        (folder / "var").mkdir(exist_ok=True)
        say(f"Restoring {sum(facts.rows.values()):,} rows …")
        with databases.restored(folder) as database_url:
            yield Restored(facts, folder, database_url)


def verify(found: Restored) -> list[str]:
    """What is wrong with the restored database; [] where all holds."""
    counted = databases.rows_of(found.database_url)
    wrong = [
        f"{table} has {counted.get(table, 0):,} rows instead of {count:,}."
        for table, count in found.facts.rows.items()
        if counted.get(table, 0) != count
    ]
    if wrong:
        return wrong
    migrated = found.manage("migrate", "--no-input", "--verbosity", "0")
    if migrated.returncode:
        return [f"It cannot be migrated: {_last_line(migrated)}"]
    audit = found.manage("audit_sends", "--json", "--at", found.facts.created_at.isoformat())
    return [f"audit_sends: {_orphans(audit)}"] if audit.returncode else []


def put_back(kept: Path, var: Path) -> None:
    """Copies the archive's files into the data folder, over those of the same name."""
    for file in kept.rglob("*"):
        if file.is_file():
            target = var / file.relative_to(kept)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)


def _unpack(archive: Path, folder: Path, keys: Keys) -> Manifest:
    opened = archive
    if archive.suffix == sealing.SUFFIX:
        opened = folder / "archive.tar"
        sealing.open_archive(archive, opened, identity=keys.identity, passphrase=keys.passphrase)
    try:
        with tarfile.open(opened) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise NotABackup(f"{archive.name} is no archive of AdTarget, or is damaged: {error}") from error
    if not (folder / manifest.NAME).is_file():
        raise NotABackup(f"{archive.name} has no {manifest.NAME}: it is no archive of AdTarget, or was cut.")
    facts = manifest.read_manifest((folder / manifest.NAME).read_bytes())
    facts.check(folder)
    return facts


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]


def _orphans(audit: subprocess.CompletedProcess[str]) -> str:
    try:
        found = json.loads(audit.stdout)["orphans"]
    except (ValueError, KeyError):
        return _last_line(audit)
    return "; ".join(f"{promise}: {len(ids)}" for promise, ids in found.items()) or "the figures do not add up"
