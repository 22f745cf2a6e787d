"""Nobody else on the machine reads what lies under var/, whatever umask the processes were started with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.embedded]

PROJECT = Path(__file__).resolve().parents[2]
OURS_ONLY = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "VAR_DIR", "ENV_FILE")


def manage(folder: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in OURS_ONLY}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment | {"VAR_DIR": str(folder), "ENV_FILE": str(folder / ".env")},
        umask=0,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder.parent)} {path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    ]


@pytest.mark.promise("S18")
def test_everything_under_var_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "var"

    manage(folder, "migrate", "-v0")
    manage(folder, "collectstatic", "--no-input", "-v0")

    assert {"adtarget.sqlite3", "secrets.json", "broker", "static"} <= {path.name for path in folder.iterdir()}
    assert any((folder / "static").rglob("*.js"))
    assert open_to_others(folder) == []


def test_a_folder_left_open_is_tightened(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    manage(folder, "migrate", "-v0")
    for path, mode in ((folder, 0o755), (folder / "adtarget.sqlite3", 0o644), (folder / "broker", 0o755)):
        path.chmod(mode)

    manage(folder, "check")

    assert open_to_others(folder) == []


def test_a_folder_everybody_may_write_to_keeps_its_mode(tmp_path: Path) -> None:
    (shared := tmp_path / "shared").mkdir()
    shared.chmod(0o1777)  # as /tmp

    manage(shared, "check")
    manage(shared, "check")

    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert (shared / "secrets.json").stat().st_mode & 0o777 == 0o600
