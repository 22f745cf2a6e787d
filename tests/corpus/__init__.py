"""Events and the exact request that each platform must get: one JSON file a subject, `expected` written by code.

`python -m tests.corpus` writes what the product makes of every case into the files: read the diff, then commit it.
`tests/corpus/test_corpus.py` compares, and sends some through the running product.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

Case = dict[str, Any]


def files() -> dict[Path, list[Case]]:
    """Every file with its cases."""
    return {path: json.loads(path.read_text())["cases"] for path in sorted(FOLDER.glob("*.json"))}


def cases() -> list[Case]:
    return [case for found in files().values() for case in found]


def write(path: Path, found: list[Case]) -> None:
    """One file, as people read it and as a diff shows it."""
    path.write_text(json.dumps({"cases": found}, ensure_ascii=False, indent=2) + "\n")
