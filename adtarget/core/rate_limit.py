"""Token buckets: exact across processes with Redis, per process without or while Redis is away."""

import threading
import time
from collections import OrderedDict
from functools import cache
from math import ceil
from typing import NamedTuple

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# One round trip, one clock (Redis's own). Returns the seconds to wait, 0 when a token was taken, and the tokens left.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local rate, burst, owed, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]), tonumber(state[2])
if not (tokens and at and tokens >= 0 and at <= now) then tokens, at = burst, now end
tokens = math.max(0, math.min(burst, tokens + (now - at) * rate) - owed)
local wait = 0
if tokens >= wanted then tokens = tokens - wanted else wait = (wanted - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return {tostring(wait), tostring(tokens)}
"""
REDIS_PATIENCE_SECONDS = 0.1
REDIS_REST_SECONDS = 5.0  # after a failure, how long Redis is not asked again
MOST_LOCAL_BUCKETS = 50_000  # of each kind: what stands before the first colon of its name


class Draw(NamedTuple):
    """What became of asking for tokens: the whole seconds to wait, 0 when there were enough, and the tokens left."""

    wait: int
    left: int


def take(
    bucket: str, *, per_minute: float, burst: int, is_shared: bool = True, on_loan: bool = False, count: int = 1
) -> int:
    """Takes `count` tokens or none: 0 when there were as many, else the whole seconds to wait, at least 1.

    A bucket that is not shared is this process's own and costs no round trip. Nor
    does a token on loan: a process takes the first hundredth of a shared bucket
    unasked, and is charged for it when it asks for more (`Loans`).
    """
    return draw(bucket, per_minute=per_minute, burst=burst, is_shared=is_shared, on_loan=on_loan, count=count).wait


def draw(
    bucket: str, *, per_minute: float, burst: int, is_shared: bool = True, on_loan: bool = False, count: int = 1
) -> Draw:
    """The same, and what is left; with a token on loan that is not known, and all of it is said."""
    rate = per_minute / 60
    shared = _shared_buckets() if is_shared else None
    drawn = shared.take(bucket, rate=rate, burst=burst, on_loan=on_loan, count=count) if shared else None
    wait, left = drawn or _local_buckets().take(bucket, rate=rate, burst=burst, count=count)
    return Draw(wait=max(1, ceil(wait)) if wait > 0 else 0, left=int(left))


def forget(bucket: str) -> None:
    """Fills the bucket again."""
    if shared := _shared_buckets():
        shared.forget(bucket)
    _local_buckets().forget(bucket)


class LocalBuckets:
    """Buckets of this process, by its monotonic clock.

    Of each kind the most recently used stay, so that one kind's flood forgets no
    bucket of another, and nobody gets a full bucket again for less requests than
    there are buckets.
    """

    def __init__(self, most: int = MOST_LOCAL_BUCKETS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kinds: dict[str, OrderedDict[str, tuple[float, float]]] = {}

    def take(self, bucket: str, *, rate: float, burst: int, count: int = 1) -> tuple[float, float]:
        """Seconds to wait, and tokens left."""
        now = time.monotonic()
        with self._lock:
            kind = self._kind(bucket)
            tokens, at = kind.pop(bucket, (float(burst), now))
            tokens = min(burst, tokens + (now - at) * rate)
            taken = tokens >= count
            kind[bucket] = (tokens - count if taken else tokens, now)
            if len(kind) > self._most:
                kind.popitem(last=False)
            return (0.0, tokens - count) if taken else ((count - tokens) / rate, tokens)

    def forget(self, bucket: str) -> None:
        with self._lock:
            self._kind(bucket).pop(bucket, None)

    def _kind(self, bucket: str) -> OrderedDict[str, tuple[float, float]]:
        return self._kinds.setdefault(bucket.partition(":")[0], OrderedDict())


class Loans:
    """Tokens that a process took from shared buckets unasked: up to a hundredth of a bucket in the time it fills.

    They are charged with the first token that is asked for. What several processes
    admit together is therefore over the limit by at most a hundredth for each.
    """

    def __init__(self, most: int = MOST_LOCAL_BUCKETS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._of_bucket: OrderedDict[str, tuple[int, bool, float]] = OrderedDict()

    def take(self, bucket: str, *, rate: float, burst: int) -> int | None:
        """None where a token was on loan; else how many of them the shared bucket is to be charged for."""
        now = time.monotonic()
        with self._lock:
            taken, is_charged, since = self._of_bucket.pop(bucket, (0, False, now))
            if now - since > burst / rate:
                taken, is_charged, since = 0, False, now
            on_loan = taken < burst // 100 and not is_charged
            self._of_bucket[bucket] = (taken + 1, False, since) if on_loan else (taken, True, since)
            if len(self._of_bucket) > self._most:
                self._of_bucket.popitem(last=False)
            return None if on_loan else 0 if is_charged else taken


class RedisBuckets:
    """Buckets that all processes share; answers None while Redis is away."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_PATIENCE_SECONDS,
            socket_connect_timeout=REDIS_PATIENCE_SECONDS,
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        )
        self._script = self._client.register_script(_TAKE)
        self._loans = Loans()
        self._asks_again_at = 0.0

    def take(
        self, bucket: str, *, rate: float, burst: int, on_loan: bool = False, count: int = 1
    ) -> tuple[float, float] | None:
        if time.monotonic() < self._asks_again_at:
            return None
        owed = self._loans.take(bucket, rate=rate, burst=burst) if on_loan else 0
        if owed is None:
            return 0.0, float(burst)
        try:
            wait, left = self._script(keys=[_key(bucket)], args=[rate, burst, owed, count])
            return float(wait), float(left)
        except redis.ResponseError:
            self.forget(bucket)  # what lies there is no bucket of ours
        except redis.RedisError as error:
            self._rest(error)
        return None

    def forget(self, bucket: str) -> None:
        if time.monotonic() < self._asks_again_at:
            return
        try:
            self._client.delete(_key(bucket))
        except redis.RedisError as error:
            self._rest(error)

    def _rest(self, error: redis.RedisError) -> None:
        self._asks_again_at = time.monotonic() + REDIS_REST_SECONDS
        log.warning("rate limits are per process: Redis is away", error=type(error).__name__)


def _key(bucket: str) -> str:
    return f"adtarget:bucket:{bucket}"


@cache
def _local_buckets() -> LocalBuckets:
    return LocalBuckets()


@cache
def _shared_buckets() -> RedisBuckets | None:
    return RedisBuckets(settings.REDIS_URL) if settings.REDIS_URL else None
