"""What an archive says about itself: when, from which version, how many rows of each table, and its files' SHA-256."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

FORMAT = 1
NAME = "manifest.json"


class NotABackup(Exception):
    """The file is no archive of ours, or is damaged; the message says where."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    created_at: datetime
    version: str  # of AdTarget
    database: str  # postgresql or sqlite
    rows: dict[str, int]  # by table
    migrations: list[str]  # app.name of each that is applied
    sha256: dict[str, str] = field(default_factory=dict)  # by path inside the archive
    has_secrets: bool = False

    def as_bytes(self) -> bytes:
        facts = {"format": FORMAT, **asdict(self), "created_at": self.created_at.isoformat()}
        return json.dumps(facts, indent=2).encode()

    def check(self, folder: Path) -> None:
        """Raises NotABackup where a file under `folder` is missing or is not what was packed."""
        for path, digest in self.sha256.items():
            if not (folder / path).is_file() or sha256_of(folder / path) != digest:
                raise NotABackup(f"{path} is missing from the archive or damaged.")


def read_manifest(content: bytes) -> Manifest:
    """Raises NotABackup."""
    try:
        facts = json.loads(content)
        if facts.pop("format") != FORMAT:
            raise NotABackup("The archive was made by a newer release. Restore it with that release.")
        return Manifest(**facts | {"created_at": datetime.fromisoformat(facts["created_at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise NotABackup(f"{NAME} cannot be read.") from error


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
