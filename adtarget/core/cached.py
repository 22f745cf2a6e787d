"""Results kept for a while. The cache only saves work: with Redis away a page counts again and answers.

Anyone with write access to Redis can change what is cached, so values are JSON, signed
and bound to their name: anything else counts as absent.
"""

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.core import signing
from django.core.cache import cache

Result = TypeVar("Result")
SALT = "adtarget.cache"


class SignedJson:
    """The Redis cache's serializer. Django's own would unpickle, which runs what it is given."""

    def dumps(self, value: Any) -> bytes:
        return signing.dumps(value, salt=SALT).encode()

    def loads(self, stored: bytes) -> Any:
        """The value; None where it was not written by `dumps` with this SECRET_KEY."""
        try:
            return signing.loads(stored.decode("ascii"), salt=SALT)
        except (signing.BadSignature, ValueError):
            return None


def remember(name: str, value: Any, *, seconds: float) -> None:
    """Keeps what JSON can express, as long as the cache can be reached."""
    with contextlib.suppress(redis.RedisError):
        cache.set(name, [name, value], seconds)


def remembered(name: str) -> Any:
    """What `remember` kept under this very name; else None."""
    with contextlib.suppress(redis.RedisError):
        found = cache.get(name)
        if isinstance(found, list) and len(found) == 2 and found[0] == name:
            return found[1]
    return None


def kept(
    name: str,
    *,
    seconds: float,
    make: Callable[[], Result],
    to_json: Callable[[Result], Any] = lambda result: result,
    from_json: Callable[[Any], Result] = lambda found: found,
) -> Result:
    """What the cache holds under `name`, else made now and kept for `seconds`. `make` returns no None."""
    found = remembered(name)
    if found is not None:
        with contextlib.suppress(TypeError, ValueError, LookupError, ArithmeticError):  # an earlier release's
            return from_json(found)
    made = make()
    remember(name, to_json(made), seconds=seconds)
    return made
