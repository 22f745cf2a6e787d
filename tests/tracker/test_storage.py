"""How much visits may take on disk, a day and for good."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from adtarget.alerts import watching
from adtarget.alerts.choices import AlertKind
from adtarget.alerts.models import Alert
from adtarget.core.partitions.tables import run
from tests.factories import ConversionFactory, InviteFactory, JoinFactory, VisitFactory
from tests.tracker.conftest import Browser
from tracker import invites, visit_budget, visit_purge
from tracker.models import BotStart, Invite, TrackingSession, UnattributableClick, Visit, VisitUsage

pytestmark = pytest.mark.django_db
OLD = timedelta(days=31)


@pytest.fixture
def budget(settings, monkeypatch):
    settings.VISITS_PER_SITE_AND_DAY = 10
    monkeypatch.setattr(visit_budget, "WRITTEN_ROWS", 5)


def flood(site, count: int, query: str = "") -> None:
    for number in range(count):
        Browser(site, visitor=f"{number:08x}-6f0a-4d3c-8a52-1f2e3d4c5b6a").init(query)


# ------------------------------------------------------------------ the budget of a day
def test_beyond_the_budget_visits_are_sampled(site, budget) -> None:
    flood(site, 40)
    assert 10 <= Visit.objects.count() < 20


def test_beyond_it_those_of_ads_are_kept(site, budget) -> None:
    flood(site, 30, "?gclid=Cj0")
    assert Visit.objects.count() == 30


def test_beyond_twice_the_budget_no_other_is_kept(site, budget, monkeypatch) -> None:
    monkeypatch.setattr(visit_budget, "SAMPLED", 1)
    flood(site, 40)
    assert Visit.objects.count() == 20


def test_bytes_have_a_budget_too(site, budget, settings) -> None:
    settings.VISITS_PER_SITE_AND_DAY, settings.VISIT_BYTES_PER_SITE_AND_DAY = 1000, 5000
    flood(site, 40)
    assert Visit.objects.count() < 20


def test_a_visit_left_out_is_answered_alike(browser, site, budget, monkeypatch) -> None:
    monkeypatch.setattr(visit_budget, "is_kept", lambda *_args, **_more: False)
    answer = browser.init()
    assert (answer.status_code, sorted(answer.json())) == (
        200,
        ["clientSessionId", "cookies", "sessionId", "tempId", "visitId"],
    )


def test_a_tap_of_a_visit_left_out_leads_on(browser, channel, monkeypatch) -> None:
    monkeypatch.setattr(visit_budget, "is_kept", lambda *_args, **_more: False)
    assert browser.tap()["Location"] == "https://t.me/+own"
    assert UnattributableClick.objects.get().visit is None


def test_each_site_and_day_has_its_own_budget(site, stranger_site, budget) -> None:
    flood(site, 30)
    Browser(stranger_site, origin="https://stranger.example").visit()


def test_processes_add_up_what_they_keep(site, budget) -> None:
    VisitUsage.objects.create(site=site, day=timezone.now().date(), kept=9, kept_bytes=9)
    flood(site, 25)
    usage = VisitUsage.objects.get(site=site)
    assert usage.kept >= 14
    assert Visit.objects.count() < 15


def test_a_site_over_its_budget_is_told(site, settings) -> None:
    now = timezone.now()
    VisitUsage.objects.create(site=site, day=now.date(), kept=settings.VISITS_PER_SITE_AND_DAY, kept_bytes=1)
    watching.watch(now)
    assert Alert.objects.open().get().kind == AlertKind.STORAGE


def test_a_flood_of_refused_taps_leaves_few_rows(site, channel, monkeypatch) -> None:
    monkeypatch.setattr(invites, "MOST_REFUSALS_A_MINUTE", 5)
    for number in range(80):
        Browser(site, visitor=f"{number:08x}-6f0a-4d3c-8a52-1f2e3d4c5b6a").tap()
    assert 5 <= UnattributableClick.objects.count() < 40


# ------------------------------------------------------------------ for good
def old_visit(site, **values):
    at = timezone.now() - OLD
    visit = VisitFactory(site=site, visited_at=at, session__started_at=at, session__last_visit_at=at, **values)
    if connection.vendor == "postgresql":  # in no partition, as before they were
        run("UPDATE tracker_visit SET part = 0 WHERE id = %s", visit.pk)
    return visit


def test_a_visit_that_led_nowhere_is_deleted(site) -> None:
    old_visit(site, gclid="Cj0")
    kept = VisitFactory(site=site)
    assert visit_purge.purge_visits(timezone.now()) == 1
    assert (Visit.objects.get(), TrackingSession.objects.get()) == (kept, kept.session)


def test_visits_of_joins_and_conversions_stay(site, channel) -> None:
    JoinFactory(channel=channel, visit=old_visit(site))
    ConversionFactory(channel=channel, visit=old_visit(site))
    assert visit_purge.purge_visits(timezone.now()) == 0


def test_what_only_names_the_visit_stays_without_it(site, channel, bot) -> None:
    visit = old_visit(site)
    InviteFactory(channel=channel, given=True, visit=visit)
    UnattributableClick.objects.create(channel=channel, visit=visit, reason="no_bot", clicked_at=timezone.now())
    BotStart.objects.create(bot=bot, visit=visit, telegram_user_id=7, started_at=visit.visited_at)
    visit_purge.purge_visits(timezone.now())
    assert (Invite.objects.get().visit, UnattributableClick.objects.get().visit) == (None, None)


def test_deletion_goes_in_small_steps(site, channel, monkeypatch, django_assert_max_num_queries) -> None:
    monkeypatch.setattr(visit_purge, "AT_ONCE", 3)
    for number in range(10):
        visit = old_visit(site)
        if number % 3 == 0:
            JoinFactory(channel=channel, visit=visit)
    assert visit_purge.purge_visits(timezone.now()) == 6
    most = 8 if connection.vendor == "sqlite" else 14  # those that stay are not looked at again
    with django_assert_max_num_queries(most):
        assert visit_purge.purge_visits(timezone.now()) == 0


def test_what_time_did_not_suffice_for_follows(site) -> None:
    old_visit(site)
    assert visit_purge.purge_visits(timezone.now(), seconds=0) == 0
    assert visit_purge.purge_visits(timezone.now()) == 1
