"""An invented history looks like a lived one, and is never delivered."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F
from django.utils import timezone

from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Attempt, Pixel, Send
from leads.models import Account, Channel, Lead, Site
from tests.factories import ConversionFactory, LeadFactory, VisitFactory
from tracker.models import Invite, Join, Visit

pytestmark = pytest.mark.django_db


def seed(**options: Any) -> str:
    output = StringIO()
    call_command("seed", **{"account": "Acme", "conversions": 60, "stdout": output} | options)
    return output.getvalue()


def test_each_told_conversion_has_four_sends_and_all_have_ended() -> None:
    seed(conversions=150)

    assert Send.objects.count() == 4 * 150
    assert {entry["count"] for entry in Send.objects.values("conversion").annotate(count=Count("pk"))} == {4}
    assert not Send.objects.open().exists()
    assert set(Send.objects.values_list("status", flat=True)) == set(SendStatus) - {SendStatus.PENDING}


def test_attempts_are_those_that_the_sends_count() -> None:
    seed()

    tried = Send.objects.annotate(written=Count("attempt_set"))
    assert not tried.exclude(written=F("attempts")).exists()
    assert Attempt.objects.exists()


def test_the_audit_finds_nothing_wrong() -> None:
    seed()

    call_command("audit_sends", stdout=StringIO())  # would exit with 1


def test_a_value_entered_later_goes_nowhere_either() -> None:
    seed()

    assert not Pixel.objects.filter(paused_at__isnull=True).exists()
    assert not Channel.objects.filter(bot__isnull=False).exists()
    assert not Invite.objects.filter(used_at__isnull=False, revoked_at__isnull=True).exists()


def test_the_history_fills_the_days_up_to_now() -> None:
    seed(days=10)

    moments = sorted(Conversion.objects.values_list("attributed_at", flat=True))
    assert (moments[-1] - moments[0]).days in (9, 10)
    assert moments[-1] <= timezone.now()
    assert sorted(Conversion.objects.values_list("pk", flat=True)) == list(
        Conversion.objects.order_by("attributed_at", "pk").values_list("pk", flat=True)
    )


def test_the_same_number_tells_the_same_story() -> None:
    seed(account="Acme", seed=7)
    seed(account="Other", seed=7)
    seed(account="Third", seed=8)

    def told(account: str) -> list[Any]:
        facts = ("telegram_user_id", "event_type", "value", "visit__utm_campaign", "visit__user_agent")
        return sorted(map(repr, Conversion.objects.filter(account__name=account).values_list(*facts)))

    assert told("Acme") == told("Other") != told("Third")


@pytest.mark.parametrize("make", [ConversionFactory, VisitFactory, LeadFactory])
def test_an_account_with_events_is_left_alone(make: Any, account: Account, site: Site) -> None:
    make(**{"channel__site": site} if make is ConversionFactory else {"site": site})

    with pytest.raises(CommandError, match="has events already"):
        seed(account=account.name)

    assert not Send.objects.exists()
    assert not Pixel.objects.exists()


def test_told_so_it_adds_to_what_is_there() -> None:
    seed()
    before = Lead.objects.count()

    seed(again=True)

    assert Send.objects.count() == 2 * 4 * 60
    assert Lead.objects.count() == 2 * before
    assert Visit.objects.exists()
    assert Join.objects.filter(left_at__isnull=False).exists()


@pytest.mark.parametrize("option", ["conversions", "days"])
def test_nothing_is_not_a_history(option: str) -> None:
    with pytest.raises(CommandError, match="start at 1"):
        seed(**{option: 0})

    assert not Account.objects.exists()
