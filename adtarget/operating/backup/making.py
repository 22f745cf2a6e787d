"""Makes an archive while the product runs: database, data folder and manifest in one tar file."""

import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from adtarget.operating.backup import databases, manifest
from adtarget.operating.backup.manifest import Manifest, sha256_of
from adtarget.operating.backup.sealing import Seal

PREFIX, SUFFIX = "adtarget-", ".tar"
#: Of the data folder: made anew at each start, or copied with the database.
LEFT_OUT = frozenset({"broker", "static", "heartbeats", "beat-schedule"})
SECRETS = frozenset({"secrets.json", "demo.json", "greeting.txt"})
Say = Callable[[str], None]


def make_backup(target: Path, *, version: str, seal: Seal, with_secrets: bool, now: datetime, say: Say) -> Path:
    """The archive made. A folder as `target` gets a file named by the time. Raises DatabaseTrouble or CannotSeal."""
    archive = target / f"{PREFIX}{now:%Y%m%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".backup-") as name:
        folder = Path(name)
        say("Copying the database …")
        rows = databases.dump(folder)
        files = {databases.DUMPS[connection.vendor]: folder / databases.DUMPS[connection.vendor]}
        files |= {f"var/{path.relative_to(settings.VAR_DIR)}": path for path in _data_files(with_secrets=with_secrets)}
        facts = Manifest(
            created_at=now,
            version=version,
            database=connection.vendor,
            rows=rows,
            migrations=databases.applied_migrations(),
            has_secrets=with_secrets,
        )
        say(f"Packing {sum(rows.values()):,} rows of {len(rows)} tables and {len(files) - 1} files …")
        draft = folder / archive.name
        _pack(draft, files, facts)
        sealed = seal.apply(draft)
        finished = archive.with_name(sealed.name)
        sealed.replace(finished)
    return finished


def _pack(archive: Path, files: dict[str, Path], facts: Manifest) -> None:
    """The manifest last, since it names each file's SHA-256 as packed."""
    digests = {}
    with os.fdopen(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        with tarfile.open(fileobj=output, mode="w") as tar:
            for name, path in files.items():
                try:
                    tar.add(path, arcname=name)
                except FileNotFoundError:
                    continue  # an export that was removed meanwhile
                digests[name] = sha256_of(path)
            described = archive.with_name(manifest.NAME)
            described.write_bytes(replace(facts, sha256=digests).as_bytes())
            tar.add(described, arcname=manifest.NAME)
        output.flush()
        os.fsync(output.fileno())


def _data_files(*, with_secrets: bool) -> Iterator[Path]:
    root = Path(settings.VAR_DIR)
    database = Path(str(connection.settings_dict["NAME"]))
    for path in sorted(root.rglob("*")):
        top = path.relative_to(root).parts[0]
        is_database = connection.vendor == "sqlite" and path.name.startswith(database.name)
        is_ours = top not in LEFT_OUT and not is_database and not top.endswith((".log", ".pid", ".part"))
        if path.is_file() and is_ours and not top.startswith((".", PREFIX)) and (with_secrets or top not in SECRETS):
            yield path
