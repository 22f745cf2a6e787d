"""The retry policy: a list of waits and one pure function.

The default waits add up to 47 h 43 min and jitter only shortens them, so the
first ambiguous try and the last retry lie inside the 48 h in which Meta
counts an event id once (developers.facebook.com, Conversions API, "Handling
Duplicate Pixel and Conversions API Events").
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

#: After the first try whose fate is unknown, later tries could be counted twice.
SAFE_TO_REPEAT_FOR = timedelta(hours=47, minutes=50)
LEAST_JITTER = 0.8


def next_attempt(
    *,
    failures: int,
    now: datetime,
    deadline: datetime,
    waits: Sequence[timedelta],
    asked: timedelta | None = None,
    jitter: float = 1.0,
) -> datetime | None:
    """When to try again after `failures` failures, or None to give up.

    `asked` is what the platform wants us to wait at least; `jitter` is a
    factor of at most 1; past `deadline` there is no point in trying.
    """
    if failures > len(waits):
        return None
    at = now + max(waits[failures - 1] * jitter, asked or timedelta())
    return at if at < deadline else None


def deadline_of(*, event_time: datetime, max_age: timedelta, uncertain_since: datetime | None) -> datetime:
    """The last moment at which a try can still count, and count once."""
    too_old = event_time + max_age
    return min(too_old, uncertain_since + SAFE_TO_REPEAT_FOR) if uncertain_since else too_old
