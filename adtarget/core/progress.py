"""A progress bar for commands."""

import sys
from typing import Any


class Bar:
    """Drawn on a terminal only."""

    def __init__(self, total: int, output: Any) -> None:
        self._total, self._done, self._output = total, 0, output

    def advance(self, count: int) -> None:
        self._done += count
        if self._total and sys.stderr.isatty():
            filled = min(40, 40 * self._done // self._total)
            end = "\n" if self._done >= self._total else ""
            bar = "█" * filled + "·" * (40 - filled)
            self._output.write(f"\r{bar} {self._done} of {self._total}", ending=end)
