"""The data folder and its files: readable by the user that runs AdTarget, and by no other."""

import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
MARKER = "secrets.json"  # its presence shows that AdTarget has used the folder before


def make_private(folder: Path) -> None:
    """Makes the folder with mode 0700, and every later file of this process 0600.

    A folder left open by an earlier release is tightened, unless it is for everybody as /tmp is.
    """
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / MARKER).exists() and not folder.stat().st_mode & stat.S_ISVTX:
        for path in (folder, *folder.iterdir()):
            _tighten(path)


def is_open_to_others(folder: Path) -> bool:
    """Whether another user of this machine may look into the folder."""
    return bool(folder.stat().st_mode & OTHERS)


def _tighten(path: Path) -> None:
    try:
        found = path.lstat()
        if found.st_uid == os.geteuid() and found.st_mode & OTHERS and not stat.S_ISLNK(found.st_mode):
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return  # a broker's message, taken meanwhile
