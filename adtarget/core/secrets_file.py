"""The two secrets of an installation that was given none: made once, readable by its owner only."""

import json
import os
from base64 import urlsafe_b64encode
from pathlib import Path


def generated_secrets(path: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_ENCRYPTION_KEY from the file, which the first caller makes."""
    if not path.exists():
        # As Fernet makes its keys; the library itself is not loaded by processes that encrypt nothing.
        made = {name: urlsafe_b64encode(os.urandom(32)).decode() for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEY")}
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file)
        try:
            os.link(draft, path)  # the first process wins; a half-written file is never read
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secrets: dict[str, str] = json.loads(path.read_text())
    return secrets
