"""Buckets of one process stay few, and a flood of them gives nobody a full one."""

import pytest
import redis
from django.conf import settings

from adtarget.core import rate_limit
from adtarget.core.rate_limit import Loans, LocalBuckets, RedisBuckets

pytestmark = pytest.mark.redis


def take(buckets: LocalBuckets, name: str) -> bool:
    """Whether there was a token; one a minute, two in a row."""
    return buckets.take(name, rate=1 / 60, burst=2)[0] == 0


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


# ------------------------------------------------------------------ tokens on loan
def ask(loans: Loans, times: int) -> list[int | None]:
    return [loans.take("tracker:address:a", rate=10, burst=300) for _ in range(times)]


def test_a_page_is_lent_its_few_requests() -> None:
    assert ask(Loans(), 3) == [None] * 3


def test_whoever_asks_more_is_charged_once_for_all_before() -> None:
    assert ask(Loans(), 6)[3:] == [3, 0, 0]


def test_nothing_is_lent_of_a_small_bucket() -> None:
    assert Loans().take("a", rate=1, burst=99) == 0


def test_the_next_loan_comes_when_the_bucket_is_full_again(monkeypatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: clock[0])
    loans = Loans()
    ask(loans, 4)
    clock[0] += 29
    assert ask(loans, 1) == [0]
    clock[0] += 2
    assert ask(loans, 4) == [None, None, None, 3]


def test_loans_do_not_grow_without_end() -> None:
    loans = Loans(most=100)
    for number in range(1000):
        loans.take(f"a:{number}", rate=10, burst=300)
    assert len(loans._of_bucket) == 100


@pytest.mark.skipif(not settings.REDIS_URL, reason="Redis is not configured")
def test_a_process_admits_no_more_by_its_loans() -> None:
    rate_limit.forget("lent")
    taken = [rate_limit.take("lent", per_minute=0.1, burst=200, on_loan=True) for _ in range(210)]
    assert taken.count(0) == 200


@pytest.mark.skipif(not settings.REDIS_URL, reason="Redis is not configured")
def test_two_processes_admit_a_hundredth_more_at_most() -> None:
    rate_limit.forget("lent")
    first, second = RedisBuckets(settings.REDIS_URL), RedisBuckets(settings.REDIS_URL)
    admitted = sum(
        process.take("lent", rate=0.001, burst=200, on_loan=True)[0] == 0
        for process in (*[first] * 202, second, second, second)
    )
    assert 200 <= admitted <= 202
