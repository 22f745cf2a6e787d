"""When to try again and how long to wait: pure functions."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Retries:
    """`most` tries after the first. The wait doubles from `first_wait` to `longest_wait` seconds, with jitter.

    A `Retry-After` of the server is honoured up to `longest_asked` seconds; a longer one ends the retries.
    """

    most: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_asked: float = 60.0

    def wait(self, tried: int, asked: float | None) -> float | None:
        """Seconds before the next try after `tried` tries, or None to give up."""
        if tried > self.most:
            return None
        if asked is not None:
            return asked if asked <= self.longest_asked else None
        longest = min(self.longest_wait, self.first_wait * float(2 ** (tried - 1)))
        return longest * random.uniform(0.5, 1.0)


def may_repeat(status: int) -> bool:
    """Whether an answer with this status asks to be tried again. POSTs carry an Idempotency-Key, so it is safe."""
    return status in (408, 425, 429) or status >= 500


def seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; None where it is absent or a date."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
