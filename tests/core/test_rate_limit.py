"""Buckets of one process stay few, and a flood of them gives nobody a full one."""

import pytest
import redis
from django.conf import settings

from adtarget.core import rate_limit
from adtarget.core.rate_limit import LocalBuckets

pytestmark = pytest.mark.redis


def take(buckets: LocalBuckets, name: str) -> bool:
    """Whether there was a token; one a minute, two in a row."""
    return buckets.take(name, rate=1 / 60, burst=2) == 0


def count(buckets: LocalBuckets) -> int:
    return sum(map(len, buckets._kinds.values()))


@pytest.mark.promise("R20")
def test_buckets_do_not_grow_without_end() -> None:
    buckets = LocalBuckets(most=100)
    for number in range(1000):
        take(buckets, f"key:{number}")
    assert count(buckets) == 100


def test_a_flood_forgets_the_longest_unused_only() -> None:
    buckets = LocalBuckets(most=100)
    for _ in range(3):
        take(buckets, "key:guesser")
    for number in range(1000):
        take(buckets, f"key:{number}")
        assert number % 50 or not take(buckets, "key:guesser")


def test_a_flood_of_one_kind_forgets_no_other() -> None:
    buckets = LocalBuckets(most=100)
    for _ in range(3):
        take(buckets, "sign-in:ada")
    for number in range(1000):
        take(buckets, f"tracker:{number}")
    assert not take(buckets, "sign-in:ada")


@pytest.mark.skipif(not settings.REDIS_URL, reason="Redis is not configured")
@pytest.mark.parametrize(
    "state",
    [
        {"tokens": "nan", "at": "1"},
        {"tokens": "inf", "at": "nan"},
        {"tokens": "-1e308", "at": "-inf"},
        {"tokens": "1", "at": "1e308"},
        {"tokens": "?", "at": "?"},
    ],
)
def test_a_forged_bucket_is_a_full_one(state: dict[str, str]) -> None:
    redis.Redis.from_url(settings.REDIS_URL).hset("adtarget:bucket:forged", mapping=state)
    waits = [rate_limit.take("forged", per_minute=1, burst=2) for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert 1 <= waits[2] <= 60
    rate_limit.forget("forged")


@pytest.mark.skipif(not settings.REDIS_URL, reason="Redis is not configured")
def test_what_is_no_bucket_is_replaced() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.set("adtarget:bucket:odd", "text")
    assert rate_limit.take("odd", per_minute=1, burst=1) == 0
    assert [rate_limit.take("odd", per_minute=1, burst=1) > 0 for _ in range(2)] == [False, True]
    rate_limit.forget("odd")
