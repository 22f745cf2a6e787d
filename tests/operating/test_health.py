"""The pages that supervisors, load balancers and Prometheus ask."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from adtarget.core import cached, heartbeat
from adtarget.operating import readiness
from tests.factories import PixelFactory, SendFactory


@pytest.fixture
def worker() -> None:
    heartbeat.beat("worker-1")


def ready(client: Any) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_healthz_answers_without_asking_the_database(client) -> None:
    """Not marked as a database test: any query would fail it."""
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
def test_readyz_is_green_with_a_database_a_broker_and_a_worker(client, worker) -> None:
    status, checks = ready(client)

    assert (status, [name for name, check in checks.items() if check["ok"]]) == (
        200,
        ["database", "broker", "workers", "sends", "rows", "partitions"],
    )


@pytest.mark.django_db(transaction=True)
def test_readyz_is_red_without_a_worker(client, monkeypatch) -> None:
    monkeypatch.setattr(heartbeat, "seen_within", lambda seconds: [])

    status, checks = ready(client)

    assert (status, checks["workers"]) == (503, {"ok": False, "seen": 0})


@pytest.mark.promise("R22")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "expected"), [(4, 200), (6, 503)])
def test_readyz_is_red_when_the_oldest_send_waits_for_more_than_five_minutes(client, worker, minutes, expected) -> None:
    SendFactory(due_at=timezone.now() - timedelta(minutes=minutes))

    status, checks = ready(client)

    assert status == expected
    assert checks["sends"]["oldestDueSeconds"] == pytest.approx(minutes * 60, abs=5)


@pytest.mark.django_db
@pytest.mark.parametrize("situation", ["paused", "breaker_open"])
def test_sends_that_wait_for_their_pixel_do_not_count_as_overdue(situation) -> None:
    pixel = PixelFactory(**{situation: True})
    SendFactory(overdue=True, pixel=pixel, conversion__channel__site=pixel.site)

    assert readiness.oldest_due_seconds(timezone.now()) == 0


def test_a_check_that_hangs_is_answered_for_after_a_second() -> None:
    started = time.monotonic()

    outcome = readiness.run_checks({"slow": lambda: time.sleep(1.5) or {"ok": True}, "fast": lambda: {"ok": True}})

    assert time.monotonic() - started < 1.4
    assert outcome == {"slow": {"ok": False, "problem": "no answer within 1 s"}, "fast": {"ok": True}}


def test_a_check_that_fails_tells_its_kind_and_no_address() -> None:
    def refused() -> dict[str, Any]:
        raise OperationalError("connection to 10.0.0.5 as adtarget refused")

    assert readiness.run_checks({"database": refused}) == {"database": {"ok": False, "problem": "OperationalError"}}


@pytest.mark.redis
def test_a_worker_is_seen_while_it_gives_signs_of_life(monkeypatch) -> None:
    heartbeat.beat("worker-a")
    assert "worker-a" in heartbeat.seen_within(5)

    later = time.time() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    heartbeat.beat("worker-b")
    assert "worker-a" not in heartbeat.seen_within(5)


@pytest.mark.django_db
def test_metrics_count_sends_by_what_became_of_them(client) -> None:
    SendFactory(sent=True)
    SendFactory(overdue=True)
    PixelFactory(paused=True)

    text = client.get("/metrics").content.decode()

    assert 'adtarget_sends{platform="meta",status="sent"} 1.0' in text
    assert 'adtarget_sends{platform="meta",status="pending"} 1.0' in text
    assert "adtarget_sends_due 1.0" in text
    assert "adtarget_sends_oldest_due_seconds 60" in text
    assert 'adtarget_pixels{platform="meta",state="paused"} 1.0' in text


@pytest.mark.django_db
def test_many_scrapers_cost_one_count(client, django_assert_num_queries) -> None:
    cached.remember("metrics", "kept", seconds=60)

    with django_assert_num_queries(0):
        assert client.get("/metrics").content == b"kept"


@pytest.mark.django_db
def test_metrics_answer_while_redis_is_away(client, settings) -> None:
    redis_cache = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": redis_cache, "LOCATION": "redis://127.0.0.1:1/0"}}

    answer = client.get("/metrics")

    assert (answer.status_code, b"adtarget_sends_due" in answer.content) == (200, True)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_pages_are_only_read_and_never_kept(client, path) -> None:
    assert client.post(path).status_code == 405
