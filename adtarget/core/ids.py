"""Opaque public ids that sort by time of creation."""

import secrets
import time
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_RANDOM_BITS = 76
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # the digits of ten bits
_SHIFTS = range(120, -1, -10)


def new_id(prefix: str) -> str:
    """`<prefix>_` and 26 characters: 54 bits of microseconds, then 76 random bits.

    Ids made later sort later (to the microsecond, until the year 2540), so
    an index on them stays dense and a list of them reads as a history.
    """
    return _written(prefix, time.time_ns() // 1000)


def id_of_moment(prefix: str, moment: datetime) -> str:
    """An id as `new_id` would have made it then."""
    return _written(prefix, int(moment.timestamp() * 1_000_000))


def first_id_of_moment(prefix: str, moment: datetime) -> str:
    """The smallest id of that microsecond: what was made before sorts before it, what is made from then on does not."""
    return _written(prefix, int(moment.timestamp() * 1_000_000), chance=0)


def _written(prefix: str, microseconds: int, chance: int | None = None) -> str:
    number = (microseconds << _RANDOM_BITS) | (secrets.randbits(_RANDOM_BITS) if chance is None else chance)
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"
