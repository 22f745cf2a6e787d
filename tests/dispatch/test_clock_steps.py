"""A clock that is set back or forward neither loses an event nor sends it again."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch.models import Send
from tests.dispatch.test_delivery import FakeMeta, deliver, due, pixel

pytestmark = pytest.mark.django_db
__all__ = ["pixel"]  # the fixture

NOW = timezone.now()
STEPS = [timedelta(hours=-1), timedelta(hours=1), timedelta(days=1), timedelta(minutes=-5)]


@pytest.mark.promise("R14")
@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_clock_repeats_nothing(pixel, step: timedelta) -> None:
    meta = FakeMeta()
    with time_machine.travel(NOW):
        due(pixel)
        deliver(pixel, meta)
    with time_machine.travel(NOW + step):
        deliver(pixel, meta)
    assert len(meta.requests) == 1


@pytest.mark.promise("R14")
@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_clock_loses_nothing(pixel, step: timedelta) -> None:
    """The worker looks with the wrong clock, and again once it is right."""
    meta = FakeMeta()
    with time_machine.travel(NOW):
        (send,) = due(pixel)
    for moment in (NOW + step, NOW + timedelta(seconds=2)):
        with time_machine.travel(moment):
            deliver(pixel, meta)
    assert [event["event_time"] for (event,) in meta.requests] == [int(send.conversion.event_time.timestamp())]
    assert Send.objects.get().status == "sent"
