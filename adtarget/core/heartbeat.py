"""Records which workers are alive: each reports every few seconds, /readyz reads it.

With Redis the sign of life is a score in one sorted set; without, the
modification time of a file under `var/heartbeats`.
"""

import time
from functools import cache
from pathlib import Path
from typing import cast

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

KEY = "adtarget:heartbeats"
FORGET_AFTER_SECONDS = 24 * 3600


def beat(name: str) -> None:
    """Records that `name` is alive. Never raises: a failure counts as a missing report."""
    try:
        _to_folder(name) if settings.EMBEDDED else _to_redis(name)
    except (OSError, redis.RedisError) as error:
        log.debug("heartbeat lost", worker=name, error=str(error))


def seen_within(seconds: float) -> list[str]:
    """The names reported in the last `seconds`. Raises OSError or RedisError where they cannot be read."""
    since = time.time() - seconds
    if settings.EMBEDDED:
        return sorted(file.name for file in _folder().iterdir() if file.stat().st_mtime >= since)
    names = cast(list[bytes], client().zrangebyscore(KEY, since, "+inf"))
    return sorted(name.decode() for name in names)


@cache
def client() -> redis.Redis:
    """A Redis client that gives up within a second."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.8, socket_connect_timeout=0.8)


def _to_redis(name: str) -> None:
    now = time.time()
    client().zadd(KEY, {name: now})
    client().zremrangebyscore(KEY, "-inf", now - FORGET_AFTER_SECONDS)


def _to_folder(name: str) -> None:
    (_folder() / name).touch()
    for file in _folder().iterdir():
        if file.stat().st_mtime < time.time() - FORGET_AFTER_SECONDS:
            file.unlink(missing_ok=True)


def _folder() -> Path:
    folder = Path(settings.VAR_DIR) / "heartbeats"
    folder.mkdir(exist_ok=True)
    return folder
