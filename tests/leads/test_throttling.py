"""A token bucket per key: the installation's numbers, or the key's own."""

import pytest

from adtarget.core import rate_limit

pytestmark = pytest.mark.django_db


def statuses(api, count, **headers):
    return [api.get("/api/v1/channels", headers=headers).status_code for _ in range(count)]


@pytest.mark.promise("S17", "R15")
def test_past_the_burst_it_is_429_with_a_wait(api, settings) -> None:
    settings.API_RATE_LIMIT_PER_MINUTE, settings.API_RATE_LIMIT_BURST = 6, 3
    assert statuses(api, 4) == [200, 200, 200, 429]
    answer = api.get("/api/v1/channels")
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(answer["Retry-After"]) <= 10


def test_a_keys_own_numbers_win(api, api_key) -> None:
    api_key.rate_limit_burst = 1
    api_key.save()
    assert statuses(api, 2) == [200, 429]


@pytest.mark.promise("S8")
def test_a_forged_address_escapes_nothing(api, settings) -> None:
    settings.API_RATE_LIMIT_BURST = 1
    assert statuses(api, 1) == [200]
    assert statuses(api, 1, **{"X-Forwarded-For": "9.9.9.9"}) == [429]


@pytest.mark.promise("S17")
def test_one_keys_limit_is_not_anothers(api, stranger_api, settings) -> None:
    settings.API_RATE_LIMIT_BURST = 1
    assert statuses(api, 2) == [200, 429]
    assert statuses(stranger_api, 1) == [200]


def test_a_bucket_refills_with_time() -> None:
    assert rate_limit.take("refill", per_minute=6000, burst=1) == 0
    assert rate_limit.take("refill", per_minute=1, burst=1) > 1


@pytest.mark.promise("S17")
def test_with_redis_away_each_process_counts_for_itself(monkeypatch) -> None:
    away = rate_limit.RedisBuckets("redis://127.0.0.1:1/0")
    monkeypatch.setattr(rate_limit, "_shared_buckets", lambda: away)
    assert [rate_limit.take("away", per_minute=1, burst=2) > 0 for _ in range(3)] == [False, False, True]
