"""Daily reports say what the rows say, whatever happened to the rows after a day was counted."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from adtarget.dashboard.overview.queries import Figures
from adtarget.dashboard.periods import Period
from adtarget.reports import auditing
from adtarget.reports.building import count_days
from adtarget.reports.models import EventHour, SendDay, VisitDay
from conversions.choices import EventType, Intake
from conversions.erasing import erase_person
from conversions.facts import EventFacts
from conversions.models import Conversion
from conversions.recording import record_conversion
from conversions.submitting import submit_value
from dispatch import replaying
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Account, Channel, ReportDay, Site
from tests.factories import ApiKeyFactory, ChannelFactory, ConversionFactory, PixelFactory
from tests.reports.world import BEGAN, NOW, ZONES, Rows, make_events, periods, reported
from tracker import pool
from tracker.joins import record_join
from tracker.models import Invite, Join, Visit
from tracker.telegram.updates import Joined, Person

pytestmark = pytest.mark.django_db


def differences(account: Account, draw: random.Random, zones: Sequence[str] = ZONES) -> list[str]:
    """Where pages and rows disagree, over zones and periods."""
    found, rows = [], Rows(account)
    for zone in map(ZoneInfo, zones):
        with timezone.override(zone):
            for period in periods(draw):
                said, real = reported(account, period), rows.expected(period, zone)
                found += [f"{zone} {period}: {name}" for name in real if said[name] != real[name]]
    return found


def enter_late_values(draw: random.Random, account: Account) -> None:
    waiting = Conversion.objects.filter(account=account, awaiting_manual_input=True, is_test=False)
    for pk in list(waiting.values_list("pk", flat=True)[:40]):
        value = Decimal(draw.randrange(1, 10**6)) / 100
        submit_value(conversions=Conversion.objects.filter(pk=pk), value=value, currency="EUR", now=NOW)


def erase_some(draw: random.Random, account: Account) -> None:
    people = list(Conversion.objects.filter(account=account).values_list("telegram_user_id", flat=True)[:2000])
    for person in draw.sample(people, 10):
        erase_person(account, person, actor="test", now=NOW)


def replay_some(draw: random.Random, account: Account) -> None:
    ended = Send.objects.filter(pixel__site__account=account, status=SendStatus.FAILED)
    replaying.replay(ended.filter(pk__in=list(ended.values_list("pk", flat=True)[:50])), actor="test", now=NOW)


def join_late(draw: random.Random, account: Account) -> None:
    channel = Channel.objects.filter(site__account=account).order_by("pk")[0]
    for number in range(20):
        person = Person(telegram_user_id=5_000 + number, username="")
        at = BEGAN + (NOW - BEGAN) * draw.random()
        record_join(
            channel=channel,
            joined=Joined(person=person, at=at, link="", was_added=False, chat_id=channel.telegram_channel_id),
            now=NOW,
        )


def take_links_back(draw: random.Random, account: Account) -> None:
    for channel in Channel.objects.filter(site__account=account):
        Invite.objects.filter(channel=channel).update(expires_at=NOW + timedelta(days=2))
        pool.take_back(channel, now=NOW, most=20)


def import_history(draw: random.Random, account: Account) -> None:
    channel = Channel.objects.filter(site__account=account).order_by("pk")[0]
    key = ApiKeyFactory(account=account)
    for number in range(20):
        facts = EventFacts(event_type=EventType.LEAD, occurred_at=BEGAN + (NOW - BEGAN) * draw.random())
        record_conversion(
            key=key, channel=channel, telegram_user_id=1 + number, facts=facts, now=NOW, intake=Intake.HISTORY
        )


def repeat_with_a_value(draw: random.Random, account: Account) -> None:
    """Reports the purchases of yesterday again, with another value."""
    key, yesterday = ApiKeyFactory(account=account), NOW - timedelta(days=1)
    Site.objects.filter(account=account).update(purchase_duplicate_window_seconds=3 * 24 * 3600)
    purchases = Conversion.objects.filter(account=account, is_test=False, event_type=EventType.PURCHASE)
    for row in list(purchases.filter(attributed_at__gt=yesterday - timedelta(days=1))[:20]):
        facts = EventFacts(event_type=EventType.PURCHASE, occurred_at=NOW, value=Decimal("7.77"), currency="EUR")
        channel = Channel.objects.select_related("site").get(pk=row.channel_id)
        record_conversion(key=key, channel=channel, telegram_user_id=row.telegram_user_id, facts=facts, now=NOW)


CHANGES = (enter_late_values, erase_some, replay_some, join_late, take_links_back, import_history)


@pytest.fixture
def events(account: Account, channel: Channel) -> Callable[[int], random.Random]:
    """`events(count)` writes as many, and gives what they were drawn from."""

    def make(count: int) -> random.Random:
        draw = random.Random(count)
        channels = [channel, ChannelFactory(site=channel.site)]
        pixels = [PixelFactory(site=channel.site), PixelFactory(site=channel.site, tiktok=True)]
        make_events(draw, channels, pixels, count)
        return draw

    return make


def test_ten_thousand_events_after_every_change(account: Account, events: Callable[[int], random.Random]) -> None:
    draw = events(10_000)
    count_days(NOW)
    for change in CHANGES:
        change(draw, account)
    # Sends of a day with open ones are as they were at the last count.
    assert [name for name in differences(account, draw) if not name.endswith("sends")] == []


def test_sends_are_right_after_the_next_count(account: Account, events: Callable[[int], random.Random]) -> None:
    draw = events(800)
    count_days(NOW)
    erase_some(draw, account)
    replay_some(draw, account)
    count_days(NOW)
    assert differences(account, draw, ["Asia/Kathmandu"]) == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_day_is_counted_again(account: Account, events, change) -> None:
    draw = events(250)
    count_days(NOW)
    change(draw, account)
    count_days(NOW)
    assert [found for found in auditing.audit([account], now=NOW) if found] == []


def test_a_value_reported_again_is_counted(account: Account, events) -> None:
    draw = events(250)
    Send.objects.all().delete()  # what was sent takes no other value
    count_days(NOW)
    repeat_with_a_value(draw, account)
    count_days(NOW)
    assert [found for found in auditing.audit([account], now=NOW) if found] == []


def test_every_closed_day_is_counted(account: Account, events) -> None:
    events(250)
    count_days(NOW)
    days = set(ReportDay.objects.filter(account=account, figures_current=True).values_list("day", flat=True))
    assert days >= {BEGAN.date() + timedelta(days=n) for n in range(1, (NOW.date() - BEGAN.date()).days)}


def test_a_counted_day_is_read_from_its_report(account: Account, events) -> None:
    draw = events(250)
    count_days(NOW)
    EventHour.objects.update(count=0)
    assert any("totals" in difference for difference in differences(account, draw, ["UTC"]))


@pytest.mark.parametrize(("minutes", "is_counted"), [(59, False), (60, True)])
def test_a_day_is_counted_an_hour_after_its_end(account: Account, events, minutes: int, is_counted: bool) -> None:
    events(250)
    count_days(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes))
    assert ReportDay.objects.filter(account=account, day="2026-10-31").exists() == is_counted


def test_the_audit_names_a_wrong_day(account: Account, events) -> None:
    events(250)
    count_days(timezone.now())
    EventHour.objects.filter(count__gt=0).order_by("pk")[:1].get().delete()
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("audit_reports", stdout=output)
    assert "event hour: 0 lines counted that the rows do not give, 1 lines of rows" in output.getvalue()


def test_the_audit_agrees_after_counting(account: Account, events) -> None:
    events(250)
    output = StringIO()
    call_command("audit_reports", "--count", stdout=output)
    assert output.getvalue().endswith("comparisons, 0 differences.\n")


def test_days_with_open_sends_are_counted_again(account: Account, events) -> None:
    events(250)
    count_days(NOW)
    Send.objects.filter(status=SendStatus.PENDING).update(status=SendStatus.SENT, sent_at=NOW, due_at=None)
    count_days(NOW)
    assert not SendDay.objects.filter(status=SendStatus.PENDING).exists()


def test_visits_stay_counted_when_they_are_deleted(account: Account, channel: Channel, events) -> None:
    events(250)
    count_days(NOW)
    Conversion.objects.update(visit=None)
    Join.objects.update(visit=None)
    Invite.objects.update(visit=None)
    kept = ReportDay.objects.filter(account=account)
    before = Visit.objects.filter(visited_at__lt=datetime(2026, 11, 1, tzinfo=UTC)).count()
    Visit.objects.all().delete()
    kept.update(figures_current=False)
    count_days(NOW)
    assert sum(VisitDay.objects.values_list("count", flat=True)) == before


def test_sums_beyond_64_bits_are_exact(account: Account, channel: Channel) -> None:
    large = Decimal("900000000000000")
    for _ in range(3):
        ConversionFactory(channel=channel, purchase=True, value=large, event_time=BEGAN)
    count_days(NOW)
    with timezone.override("UTC"):
        assert Figures(account, Period(BEGAN.date(), BEGAN.date())).totals() == (3, {"EUR": 3 * large})
