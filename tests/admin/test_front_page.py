"""What ops see first: what is due, held, failed, and since when."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dispatch.choices import Reason
from dispatch.models import PlatformHealth
from dispatch.queries import ops_overview
from tests.factories import ConversionFactory, SendFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_overview_counts_what_is_there() -> None:
    now = timezone.now()
    SendFactory(due_at=now - timedelta(minutes=7))
    SendFactory(due_at=now)
    SendFactory(waiting=True)
    held = SendFactory(overdue=True, pixel__paused=True)
    SendFactory(failed=True, reason=Reason.EXHAUSTED)
    SendFactory(failed=True, created_at=now - timedelta(days=3))
    ConversionFactory(awaiting_value=True)
    PlatformHealth.objects.create(platform="google", breaker_until=now + timedelta(minutes=1))
    overview = ops_overview(now)
    assert (overview.due, overview.waiting, overview.held, overview.awaiting_value) == (2, 1, 1, 1)
    assert overview.oldest_due_age == timedelta(minutes=7)
    assert overview.is_late
    assert overview.paused_pixels == [held.pixel]
    assert [health.platform for health in overview.platforms_down] == ["google"]
    assert overview.failures == {"Every retry was used": 1}


def test_a_quiet_system_is_not_late() -> None:
    SendFactory(waiting=True)
    overview = ops_overview(timezone.now())
    assert (overview.due, overview.oldest_due_at, overview.is_late) == (0, None, False)


def test_the_panel_is_for_those_who_may_see_sends(ops, client) -> None:
    assert "Delivery now" in ops.get("/admin/").content.decode()
    client.force_login(UserFactory(is_staff=True))
    assert "Delivery now" not in client.get("/admin/").content.decode()


def test_the_first_page_asks_a_dozen_questions_at_most(ops) -> None:
    with CaptureQueriesContext(connection) as asked:
        ops.get("/admin/")
    assert len(asked) <= 12


@pytest.mark.parametrize("path", ["", "dispatch/send/", "dispatch/pixel/add/", "leads/apikey/add/"])
def test_pages_work_under_a_strict_content_security_policy(ops, path) -> None:
    page = ops.get(f"/admin/{path}").content.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page
