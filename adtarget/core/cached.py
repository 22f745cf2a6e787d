"""Results kept for a while. The cache only saves work: with Redis away a page counts again and answers."""

import contextlib
from collections.abc import Callable
from typing import TypeVar, cast

import redis
from django.core.cache import cache

Result = TypeVar("Result")


def kept(name: str, *, seconds: float, make: Callable[[], Result]) -> Result:
    """What the cache holds under `name`, else made now and kept for `seconds`. `make` returns no None."""
    with contextlib.suppress(redis.RedisError):
        found = cache.get(name)
        if found is not None:
            return cast(Result, found)
    made = make()
    with contextlib.suppress(redis.RedisError):
        cache.set(name, made, seconds)
    return made
