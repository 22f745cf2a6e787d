"""When an alert opens, when it is told again, and when it is over."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from adtarget.alerts import finding, watching
from adtarget.alerts.choices import AlertKind, Occasion
from adtarget.alerts.models import Alert, Notice
from dispatch import pausing
from dispatch.choices import Reason
from dispatch.models import Pixel
from leads.models import Account, Channel, Site
from tests.factories import (
    AlertFactory,
    AlertSettingsFactory,
    AttemptFactory,
    BotFactory,
    ChannelFactory,
    ConversionFactory,
    InviteFactory,
    PixelFactory,
    SendFactory,
)
from tracker.models import InvitePool

NOW = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def kinds() -> list[str]:
    return list(Alert.objects.open().order_by("kind").values_list("kind", flat=True))


def occasions() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("occasion", flat=True))


# ------------------------------------------------------------------ links against clicks
@pytest.mark.parametrize(
    ("clicks", "free", "is_short"), [(300, 50, True), (100, 50, False), (100, 5, True), (5, 0, False)]
)
def test_links_that_run_short_are_told_before_they_end(
    channel: Channel, clicks: int, free: int, is_short: bool
) -> None:
    InvitePool.objects.create(channel=channel, target=360)
    channel.bot = BotFactory(account=channel.site.account)
    channel.save()
    InviteFactory.create_batch(clicks, channel=channel, given=True, given_at=NOW - timedelta(minutes=3))
    InviteFactory.create_batch(free, channel=channel, expires_at=NOW + hours(20))
    watching.watch(NOW)
    assert kinds() == [AlertKind.LINKS] * is_short


# ------------------------------------------------------------------ one occurrence
def test_a_paused_pixel_is_told_once_and_again_when_it_is_over(account: Account, meta_pixel: Pixel) -> None:
    AlertSettingsFactory(account=account)
    pausing.pause(meta_pixel, code="190", message="Token of ada@acme.example", now=NOW)
    for minute in range(3):
        watching.watch(NOW + timedelta(minutes=minute))
    alert = Alert.objects.get()
    assert alert.text == "Meta 1234567890 of acme.example is paused (190). Its events wait."
    assert occasions() == [Occasion.OPENED]
    pausing.resume(meta_pixel, now=NOW)
    watching.watch(NOW + hours(1))
    watching.watch(NOW + hours(2))
    alert.refresh_from_db()
    assert alert.resolved_at == NOW + hours(1)
    assert occasions() == [Occasion.OPENED, Occasion.RESOLVED]


def test_a_second_pause_is_another_occurrence(account: Account, meta_pixel: Pixel) -> None:
    for _ in range(2):
        pausing.pause(meta_pixel, code="190", message="", now=NOW)
        watching.watch(NOW)
        pausing.resume(meta_pixel, now=NOW)
        watching.watch(NOW)
    assert Alert.objects.filter(resolved_at=NOW).count() == 2


def test_what_stays_open_is_told_again_daily_for_two_weeks(account: Account, site: Site) -> None:
    AlertSettingsFactory(account=account)
    PixelFactory(site=site, paused=True)
    for hour in range(0, 24 * 20, 6):
        watching.watch(NOW + hours(hour))
    assert occasions() == [Occasion.OPENED] + [Occasion.REMINDER] * 14


def test_the_sentence_stays_true(account: Account, channel: Channel) -> None:
    PixelFactory(site=channel.site)
    for number in (1, 2):
        ConversionFactory(channel=channel, awaiting_value=True, event_time=NOW - hours(24 * 6 + 12), attributed_at=NOW)
        watching.watch(NOW)
        assert Alert.objects.get().text.startswith(("", "1 conversion awaits", "2 conversions await")[number])


def test_each_way_gets_its_own_notice_and_no_way_none(account: Account, site: Site, stranger_site: Site) -> None:
    AlertSettingsFactory(account=account, by_telegram=True)
    PixelFactory(site=site, paused=True)
    PixelFactory(site=stranger_site, paused=True)
    watching.watch(NOW)
    assert Alert.objects.count() == 2
    assert sorted(Notice.objects.values_list("alert__account__name", "route")) == [
        ("Acme", "email"),
        ("Acme", "telegram"),
    ]


def test_a_muted_kind_is_neither_told_nor_left_open(account: Account, site: Site) -> None:
    settings = AlertSettingsFactory(account=account)
    PixelFactory(site=site, paused=True)
    watching.watch(NOW)
    settings.muted = [AlertKind.PIXEL_PAUSED]
    settings.save()
    watching.watch(NOW)
    watching.watch(NOW)
    assert kinds() == []
    assert occasions() == [Occasion.OPENED]


def test_a_finder_that_fails_neither_ends_its_alerts_nor_the_others(account: Account, site: Site, monkeypatch) -> None:
    AlertFactory(account=account, kind=AlertKind.FAILURES, subject="meta")
    PixelFactory(site=site, paused=True)
    broken = {**finding.FINDERS, AlertKind.FAILURES: lambda now, settings_of: 1 / 0}
    monkeypatch.setattr(watching, "FINDERS", broken)
    watching.watch(NOW)
    assert kinds() == [AlertKind.FAILURES, AlertKind.PIXEL_PAUSED]


def test_two_workers_open_one(account: Account, site: Site, monkeypatch) -> None:
    AlertSettingsFactory(account=account)
    found = finding.Found(account.pk, "pix_1", "It is paused.")
    settings_of = finding.all_settings()
    for _ in range(2):
        watching._open(AlertKind.PIXEL_PAUSED, found, settings_of[account.pk], now=NOW)
    stale = Alert.objects.get()
    for _ in range(2):
        watching._keep(stale, "It is paused.", settings_of[account.pk], now=NOW + hours(25))
    for _ in range(2):
        watching._resolve(stale, settings_of[account.pk], now=NOW + hours(26))
    assert occasions() == [Occasion.OPENED, Occasion.REMINDER, Occasion.RESOLVED]


def test_what_was_over_half_a_year_ago_is_forgotten(account: Account) -> None:
    AlertFactory(account=account, resolved_at=NOW - timedelta(days=181))
    kept = [AlertFactory(account=account, resolved_at=NOW - timedelta(days=179)), AlertFactory(account=account)]
    watching.purge(NOW)
    assert set(Alert.objects.all()) == set(kept)


# ------------------------------------------------------------------ many sends fail
def end_sends(channel: Channel, *, failed: int, sent: int, ago: timedelta = timedelta(), **more: object) -> None:
    at = timezone.now() - ago
    pixel = PixelFactory(site=channel.site)
    for _ in range(failed):
        send = SendFactory(
            conversion__channel=channel, conversion__cold=True, pixel=pixel, failed=True, created_at=at, **more
        )
        AttemptFactory(send=send, refused=True, started_at=at)
    SendFactory.create_batch(
        sent, conversion__channel=channel, conversion__cold=True, pixel=pixel, sent=True, sent_at=at, created_at=at
    )


@pytest.mark.parametrize(
    ("failed", "sent", "is_told"),
    [(4, 16, True), (3, 17, False), (4, 15, False), (20, 0, True), (19, 0, False), (0, 30, False)],
)
def test_a_fifth_of_twenty_is_too_many(channel: Channel, failed: int, sent: int, is_told: bool) -> None:
    end_sends(channel, failed=failed, sent=sent)
    watching.watch(timezone.now())
    assert kinds() == [AlertKind.FAILURES] * is_told


def test_the_share_is_each_platforms_and_accounts_own(
    account: Account, channel: Channel, stranger_channel: Channel
) -> None:
    end_sends(channel, failed=20, sent=0)
    end_sends(stranger_channel, failed=0, sent=100)
    tiktok = PixelFactory(site=channel.site, tiktok=True)
    SendFactory.create_batch(100, conversion__channel=channel, pixel=tiktok, sent=True)
    watching.watch(timezone.now())
    alert = Alert.objects.get()
    assert (alert.account, alert.subject) == (account, "meta")
    assert alert.text == "Meta failed 20 of 20 sends within the last hour."


def test_failures_are_over_at_half_the_share(channel: Channel) -> None:
    end_sends(channel, failed=10, sent=40)
    watching.watch(timezone.now())
    end_sends(channel, failed=0, sent=49)
    watching.watch(timezone.now())
    assert kinds() == [AlertKind.FAILURES]
    end_sends(channel, failed=0, sent=2)
    watching.watch(timezone.now())
    assert kinds() == []


def test_only_the_last_hour_counts(channel: Channel) -> None:
    end_sends(channel, failed=30, sent=0, ago=hours(1.1))
    watching.watch(timezone.now())
    assert kinds() == []


def test_what_people_stopped_and_tests_are_no_failures(channel: Channel) -> None:
    end_sends(channel, failed=30, sent=0, reason=Reason.CANCELLED)
    end_sends(channel, failed=30, sent=0, conversion__is_test=True)
    watching.watch(timezone.now())
    assert kinds() == []


# ------------------------------------------------------------------ no events
@pytest.mark.parametrize(("ago", "is_told"), [(25, True), (23, False)])
def test_silence_is_told_where_there_were_events(channel: Channel, ago: int, is_told: bool) -> None:
    ConversionFactory(channel=channel, attributed_at=NOW - hours(ago + 100))
    ConversionFactory(channel=channel, attributed_at=NOW - hours(ago))
    watching.watch(NOW)
    assert kinds() == [AlertKind.SILENCE] * is_told


def test_a_site_that_never_had_events_or_is_paused_may_be_silent(site: Site, channel: Channel) -> None:
    watching.watch(NOW)
    ConversionFactory(channel=channel, attributed_at=NOW - hours(100))
    Site.objects.filter(pk=site.pk).update(is_paused=True)
    watching.watch(NOW)
    assert kinds() == []


def test_an_account_says_how_long_silence_may_last(account: Account, channel: Channel) -> None:
    AlertSettingsFactory(account=account, silence_hours=72)
    ConversionFactory(channel=channel, attributed_at=NOW - hours(71))
    watching.watch(NOW)
    assert kinds() == []
    watching.watch(NOW + hours(2))
    assert kinds() == [AlertKind.SILENCE]


# ------------------------------------------------------------------ values and bots
@pytest.mark.parametrize(("age_hours", "is_told"), [(24 * 7 - 23, True), (24 * 7 - 25, False), (24 * 7 + 1, False)])
def test_values_are_asked_for_before_metas_week_is_over(channel: Channel, age_hours: int, is_told: bool) -> None:
    PixelFactory(site=channel.site)
    ConversionFactory(channel=channel, awaiting_value=True, event_time=NOW - hours(age_hours), attributed_at=NOW)
    watching.watch(NOW)
    assert kinds() == [AlertKind.VALUES] * is_told


def test_a_value_that_no_platform_waits_for_is_not_urgent(channel: Channel) -> None:
    ConversionFactory(channel=channel, awaiting_value=True, event_time=NOW - hours(24 * 6.5), attributed_at=NOW)
    watching.watch(NOW)
    assert kinds() == []


def test_a_bot_that_lost_its_rights_is_told(site: Site) -> None:
    channel = ChannelFactory(site=site, title="VIP", bot_problem="It is no administrator.")
    ChannelFactory(site=site, bot_problem="Gone.", inactive=True)
    watching.watch(NOW)
    assert Alert.objects.get().text == "The bot cannot work in VIP of acme.example: It is no administrator."
    Channel.objects.filter(pk=channel.pk).update(bot_problem="")
    watching.watch(NOW)
    assert kinds() == []


# ------------------------------------------------------------------ cost
def test_a_quiet_minute_takes_few_statements(channel: Channel, django_assert_max_num_queries) -> None:
    end_sends(channel, failed=2, sent=30)
    ConversionFactory.create_batch(5, channel=channel)
    PixelFactory.create_batch(3, site=channel.site)
    watching.watch(timezone.now())
    with django_assert_max_num_queries(18):
        watching.watch(timezone.now())
