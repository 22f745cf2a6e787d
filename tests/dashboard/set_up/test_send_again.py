"""What failed of a pixel for one cause goes out again, counted first, as far as the platform still takes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from leads.models import AuditEntry, Channel
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db


def failed(pixel: Pixel, channel: Channel, *, days_ago: float = 1, **values: Any) -> Send:
    at = timezone.now() - timedelta(days=days_ago)
    conversion = ConversionFactory(channel=channel, cold=True, event_time=at)
    given = {"error_code": "100", "failed": True, "created_at": at, **values}
    return SendFactory(conversion=conversion, pixel=pixel, **given)


@pytest.fixture
def address(home: str, meta_pixel: Pixel) -> str:
    return f"{home}set-up/sites/{meta_pixel.site_id}/pixels/{meta_pixel.pk}/again/"


@pytest.fixture
def order(owner: Client, address: str):
    def post(**given: str) -> None:
        since = (timezone.localdate() - timedelta(days=30)).isoformat()
        owner.post(address, {"since": since, "reason": "rejected", "code": "100", **given})

    return post


def statuses() -> set[str]:
    return set(Send.objects.values_list("status", flat=True))


def test_causes_are_counted_before_anything_is_sent(owner, address, meta_pixel, channel) -> None:
    failed(meta_pixel, channel)
    failed(meta_pixel, channel)
    failed(meta_pixel, channel, error_code="803")
    causes = owner.get(address).context["causes"]
    assert [(cause.reason, cause.code, cause.failed, cause.possible) for cause in causes] == [
        ("rejected", "100", 2, 2),
        ("rejected", "803", 1, 1),
    ]
    assert statuses() == {SendStatus.FAILED}


def test_too_old_events_are_counted_apart(owner, address, meta_pixel, channel) -> None:
    failed(meta_pixel, channel, days_ago=8)
    (cause,) = owner.get(address, {"since": "2020-01-01"}).context["causes"]
    assert (cause.failed, cause.possible) == (1, 0)
    assert list(cause.refused) == ["Older than the 7 days Meta takes."]


def test_the_events_of_one_cause_go_out_again(order, meta_pixel, channel) -> None:
    again, other = failed(meta_pixel, channel), failed(meta_pixel, channel, error_code="803")
    order()
    again.refresh_from_db()
    other.refresh_from_db()
    assert (again.status, other.status) == (SendStatus.PENDING, SendStatus.FAILED)
    assert AuditEntry.objects.filter(action="send.replay", target=again.pk).exists()


def test_events_before_the_date_stay(order, meta_pixel, channel) -> None:
    failed(meta_pixel, channel, days_ago=3)
    order(since=timezone.localdate().isoformat())
    assert statuses() == {SendStatus.FAILED}


def test_another_pixels_failures_stay(order, meta_pixel, channel) -> None:
    failed(PixelFactory(site=channel.site, pixel_id="other"), channel)
    order()
    assert statuses() == {SendStatus.FAILED}


def test_a_skipped_send_is_no_failure(owner, address, meta_pixel, channel) -> None:
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=meta_pixel, skipped=True)
    assert owner.get(address).context["causes"] == []


def test_a_wrong_date_sends_nothing(order, meta_pixel, channel) -> None:
    failed(meta_pixel, channel)
    order(since="yesterday")
    assert statuses() == {SendStatus.FAILED}


def test_strangers_pixels_are_unknown(owner, home, site, stranger_pixel) -> None:
    assert owner.get(f"{home}set-up/sites/{site.pk}/pixels/{stranger_pixel.pk}/again/").status_code == 404


def test_who_may_not_manage_is_refused(staff, address) -> None:
    assert staff.get(address).status_code == 403


def test_the_cause_is_explained(owner, address, meta_pixel, channel) -> None:
    failed(meta_pixel, channel, error_code="190", reason=Reason.EXHAUSTED)
    assert "access token" in owner.get(address).context["causes"][0].explanation
