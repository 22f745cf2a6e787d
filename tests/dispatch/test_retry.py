from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from dispatch.retry import LEAST_JITTER, SAFE_TO_REPEAT_FOR, deadline_of, next_attempt

NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
FAR = NOW + timedelta(days=7)
WAITS = settings.DISPATCH_RETRY_SCHEDULE
CONTRACT = "5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 8 h, 12 h, 12 h"
UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.mark.promise("R4")
def test_the_default_schedule_lies_inside_metas_window() -> None:
    waits = [int(number) * UNITS[unit] for number, unit in (wait.split() for wait in CONTRACT.split(", "))]
    assert [wait.total_seconds() for wait in WAITS] == waits
    assert sum(WAITS, timedelta()) == timedelta(hours=47, minutes=42, seconds=35)
    assert sum(WAITS, timedelta()) < SAFE_TO_REPEAT_FOR < timedelta(hours=48)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 30), (12, 43200)])
def test_each_failure_waits_its_turn(failures: int, seconds: int) -> None:
    assert next_attempt(failures=failures, now=NOW, deadline=FAR, waits=WAITS) == NOW + timedelta(seconds=seconds)


def test_after_the_last_wait_there_is_no_next() -> None:
    assert next_attempt(failures=len(WAITS) + 1, now=NOW, deadline=FAR, waits=WAITS) is None


def test_there_is_no_next_past_the_deadline() -> None:
    assert next_attempt(failures=3, now=NOW, deadline=NOW + timedelta(minutes=1), waits=WAITS) is None


def test_jitter_only_shortens() -> None:
    assert next_attempt(failures=2, now=NOW, deadline=FAR, waits=WAITS, jitter=LEAST_JITTER) == NOW + timedelta(
        seconds=24
    )


def test_the_platforms_wish_is_a_minimum() -> None:
    wish = timedelta(minutes=5)
    assert next_attempt(failures=1, now=NOW, deadline=FAR, waits=WAITS, asked=wish) == NOW + wish
    assert next_attempt(failures=6, now=NOW, deadline=FAR, waits=WAITS, asked=wish) == NOW + timedelta(hours=1)


def test_an_uncertain_first_try_brings_the_deadline_forward() -> None:
    week = timedelta(days=7)
    assert deadline_of(event_time=NOW, max_age=week, uncertain_since=None) == NOW + week
    assert deadline_of(event_time=NOW, max_age=week, uncertain_since=NOW) == NOW + timedelta(hours=47, minutes=50)
