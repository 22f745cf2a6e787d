"""The audit is silent while all is well and names whatever is not."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from dispatch.models import PlatformHealth, Send
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db


def audit(*arguments: str) -> tuple[int, str]:
    output, code = StringIO(), 0
    try:
        call_command("audit_sends", *arguments, stdout=output)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, output.getvalue()


def orphans() -> dict[str, list[str]]:
    code, output = audit("--json")
    found = json.loads(output)["orphans"]
    assert code == (1 if found else 0)
    return found


@pytest.mark.promise("R22")
def test_a_healthy_system_adds_up() -> None:
    for situation in ("sent", "failed", "failed", "skipped", "waiting", "claimed"):
        SendFactory(**{situation: True})
    code, output = audit()
    assert code == 0
    assert output.startswith("6 accepted = 2 open + 1 sent + 2 failed + 1 skipped")


@pytest.mark.promise("R22")
def test_an_overdue_send_is_named() -> None:
    send = SendFactory(due_at=timezone.now() - timedelta(minutes=6))
    SendFactory(due_at=timezone.now() - timedelta(minutes=4))
    assert list(orphans().values()) == [[send.pk]]
    assert send.pk in audit()[1]


@pytest.mark.parametrize("pixel", [{"paused": True}, {"breaker_open": True}])
def test_a_pause_and_an_open_breaker_explain_waiting(pixel) -> None:
    SendFactory(overdue=True, pixel=PixelFactory(**pixel))
    assert orphans() == {}


def test_a_platform_left_alone_as_a_whole_explains_waiting() -> None:
    SendFactory(overdue=True)
    PlatformHealth.objects.create(platform="meta", breaker_until=timezone.now() + timedelta(minutes=1))
    assert orphans() == {}


def test_a_send_that_waits_for_a_removed_pixel_is_named() -> None:
    SendFactory(overdue=True, pixel=PixelFactory(inactive=True, paused=True))
    assert len(orphans()) == 1


def test_a_lease_that_ended_long_ago_is_named() -> None:
    send = SendFactory(abandoned=True)
    assert orphans() == {}
    Send.objects.update(due_at=timezone.now() - timedelta(minutes=6))
    assert orphans() == {"Claimed sends, over 5 minutes past their lease": [send.pk]}


@pytest.mark.promise("R22")
def test_a_conversion_without_the_send_it_should_have_is_named() -> None:
    pixel = PixelFactory()
    conversion = ConversionFactory(site=pixel.site, cold=True)
    assert list(orphans().values()) == [[conversion.pk]]


@pytest.mark.parametrize(
    "situation",
    [{}, {"cold": True, "organic": True}, {"cold": True, "awaiting_value": True}],
    ids=["no signal", "organic", "awaits its value"],
)
def test_a_conversion_that_sends_nothing_is_no_orphan(situation) -> None:
    ConversionFactory(site=PixelFactory().site, **situation)
    assert orphans() == {}


def test_a_pixel_added_later_proves_nothing_of_earlier_conversions() -> None:
    conversion = ConversionFactory(cold=True)
    PixelFactory(site=conversion.site)
    assert orphans() == {}


def test_what_only_a_broken_database_allows_is_found() -> None:
    """Foreign keys are checked at commit; the audit does not take their word for it."""
    send = SendFactory(failed=True)
    Send.objects.update(conversion="cnv_gone", pixel="pix_gone")
    found = orphans()
    Send.objects.update(conversion=send.conversion, pixel=send.pixel)
    assert found == {"Sends whose conversion vanished": [send.pk], "Sends whose pixel vanished": [send.pk]}
