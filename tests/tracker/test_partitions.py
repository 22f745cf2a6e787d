"""Visits and sessions in partitions of PostgreSQL: converted, undone, made ahead, dropped."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from adtarget.core.ids import id_of_moment
from adtarget.core.partitions import converting, ranges
from adtarget.core.partitions.tables import Range, fetch, run
from adtarget.operating import readiness
from conversions.erasing import erase_person
from conversions.identifiers import effective_signals
from tests.factories import ConversionFactory, InviteFactory, JoinFactory, VisitFactory
from tracker import visit_partitions, visits
from tracker.models import BotStart, Invite, Join, TrackingSession, UnattributableClick, Visit
from tracker.partitions import SESSIONS, VISITS

pytestmark = pytest.mark.django_db
TABLES = (VISITS, SESSIONS)
NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=40)


def silent(_: str) -> None: ...


@pytest.fixture(autouse=True)
def partitioned():
    """Both tables partitioned, with one partition that ended before VISIT_DAYS."""
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL has partitions.")
    for table in TABLES:
        converting.partition(table, NOW, say=silent)
        cut(table, NOW - timedelta(days=31))


def cut(table, until: datetime) -> None:
    """Ends the first partition earlier, and makes another for the time between."""
    first = table.ranges()[0]
    run(f"DROP TABLE {first.table}")
    earlier = table.range_until(until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    ranges._make(table, earlier, None)
    ranges._make(table, first, earlier.until)


def visit_of(moment: datetime, **values) -> Visit:
    ids = {"id": id_of_moment("vis", moment), "session__id": id_of_moment("ses", moment)}
    times = {"visited_at": moment, "session__started_at": moment, "session__last_visit_at": moment}
    visit = VisitFactory(**ids, **times, **values)
    run("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL changes no table with checks outstanding
    return visit


def part_of(table, row_id: str) -> str:
    return fetch(f"SELECT tableoid::regclass::text FROM {table.name} WHERE id = %s", row_id)[0][0]


# ------------------------------------------------------------------ converting
def test_a_new_visit_lies_in_the_partition_of_its_time(site) -> None:
    visit = visit_of(NOW, site=site)
    assert part_of(VISITS, visit.pk) == VISITS.ranges()[1].table


def test_rows_of_before_stay_where_they_are(site) -> None:
    visit = visit_of(NOW, site=site)
    converting.unite(VISITS, say=silent)
    assert converting.partition(VISITS, NOW, say=silent)
    assert part_of(VISITS, visit.pk) == VISITS.whole


def test_undoing_loses_no_row(site) -> None:
    rows = {visit_of(moment, site=site).pk for moment in (NOW, LONG_AGO, NOW + timedelta(days=900))}
    assert converting.unite(VISITS, say=silent)
    assert not VISITS.is_partitioned()
    assert set(Visit.objects.values_list("pk", flat=True)) == rows


def test_undone_and_done_again_has_the_same_indexes() -> None:
    def named() -> set[str]:
        return {name for name, _ in converting._indexes(VISITS.name)}

    before = named()
    converting.unite(VISITS, say=silent)
    assert named() == before
    converting.partition(VISITS, NOW, say=silent)
    assert named() == before


def test_an_interrupted_undoing_can_be_taken_back(site) -> None:
    run(f"ALTER TABLE {VISITS.name} ALTER COLUMN part SET DEFAULT 0")
    converting.partition(VISITS, NOW, say=silent)
    assert part_of(VISITS, visit_of(NOW, site=site).pk) != VISITS.whole


def test_a_remaining_foreign_key_is_named() -> None:
    converting.unite(SESSIONS, say=silent)
    run("CREATE TABLE referring (session varchar(40) REFERENCES tracker_trackingsession)")
    with pytest.raises(converting.CannotPartition, match="referring has a foreign key"):
        converting.partition(SESSIONS, NOW, say=silent)


def test_one_conversion_runs_at_a_time() -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute(f"SELECT pg_advisory_lock({converting.CONVERSION_LOCK})")
        with pytest.raises(CommandError, match="Another process"):
            call_command("partition_tables")


# ------------------------------------------------------------------ made ahead
def test_partitions_are_made_for_weeks() -> None:
    assert all(table.covers(NOW + timedelta(days=21)) for table in TABLES)


def test_making_them_again_makes_none() -> None:
    assert visit_partitions.make_ahead(NOW) == 0


def test_time_brings_further_partitions() -> None:
    assert visit_partitions.make_ahead(NOW + timedelta(days=14)) >= 2
    assert VISITS.covers(NOW + timedelta(days=35))


def test_a_missing_partition_is_noticed() -> None:
    last = VISITS.ranges()[-1].until
    assert [ranges.missing(VISITS, last - timedelta(days=days)) for days in (8, 6)] == [False, True]


def test_readiness_names_the_table_without_one() -> None:
    for one in VISITS.ranges():
        run(f"DROP TABLE {one.table}")
    assert readiness.missing_partitions(NOW) == [VISITS.name]


def test_a_new_partition_takes_its_rows_over(site) -> None:
    later = NOW + timedelta(days=60)
    visit = visit_of(later, site=site)
    assert part_of(VISITS, visit.pk) == VISITS.rest
    visit_partitions.make_ahead(later)
    assert part_of(VISITS, visit.pk).startswith("tracker_visit_to_")


# ------------------------------------------------------------------ dropped
def drop() -> Range:
    oldest = VISITS.ranges()[0]
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert visit_partitions.drop_old(NOW) == 1
    return oldest


def test_old_partitions_are_dropped(site) -> None:
    visit_of(LONG_AGO, site=site)
    young = visit_of(NOW, site=site)
    oldest = drop()
    assert oldest not in VISITS.ranges()
    assert (Visit.objects.get(), TrackingSession.objects.get()) == (young, young.session)


def test_visits_of_joins_and_conversions_stay(site, channel) -> None:
    of_join, of_conversion = (visit_of(LONG_AGO, site=site) for _ in range(2))
    JoinFactory(channel=channel, visit=of_join)
    ConversionFactory(channel=channel, visit=of_conversion)
    drop()
    assert set(Visit.objects.select_related("session")) == {of_join, of_conversion}
    assert part_of(VISITS, of_join.pk) == VISITS.kept


def test_their_signals_are_still_known(site, channel) -> None:
    conversion = ConversionFactory(channel=channel, visit=visit_of(LONG_AGO, site=site, from_meta=True))
    drop()
    conversion.refresh_from_db()
    assert effective_signals(conversion)["fbc"] == "fb.1.1700000000000.AbCdEf"


def test_the_visit_of_a_link_in_use_stays(site, channel) -> None:
    InviteFactory(channel=channel, given=True, visit=visit_of(LONG_AGO, site=site))
    drop()
    assert Invite.objects.get().visit is not None


def test_what_only_names_a_visit_reads_as_without(site, channel, bot) -> None:
    visit = visit_of(LONG_AGO, site=site)
    InviteFactory(channel=channel, given=True, given_at=LONG_AGO, visit=visit)
    UnattributableClick.objects.create(channel=channel, visit=visit, reason="no_bot", clicked_at=LONG_AGO)
    BotStart.objects.create(bot=bot, visit=visit, telegram_user_id=7, started_at=LONG_AGO)
    drop()
    assert (Invite.objects.get().visit, UnattributableClick.objects.get().visit) == (None, None)
    assert not BotStart.objects.exists()


def test_a_session_beyond_its_partitions_end_stays(site) -> None:
    old = visit_of(LONG_AGO, site=site)
    VisitFactory(site=site, session=old.session, temp_id=old.temp_id)
    drop()
    assert Visit.objects.select_related("session").get().session == old.session


def test_a_joined_visitors_click_is_remembered_longer(site, channel) -> None:
    visit = visit_of(LONG_AGO, site=site, from_meta=True)
    JoinFactory(channel=channel, visit=visit)
    drop()
    found = visits.latest_visit(site, visit.temp_id, NOW)
    assert found is not None
    assert found.fbc == visit.fbc


def test_erasing_finds_the_kept_visit(site, channel) -> None:
    visit = visit_of(LONG_AGO, site=site, from_meta=True)
    join = JoinFactory(channel=channel, visit=visit)
    drop()
    erase_person(site.account, join.lead.telegram_user_id, actor="test", now=NOW)
    assert (Visit.objects.get().fbc, Join.objects.get().visit_id) == ("", visit.pk)


def test_old_rows_without_a_partition_are_deleted(site, channel) -> None:
    visit_of(LONG_AGO, site=site)
    drop()
    stray, joined = visit_of(LONG_AGO, site=site), visit_of(LONG_AGO, site=site)
    JoinFactory(channel=channel, visit=joined)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert part_of(VISITS, stray.pk) == VISITS.rest
    visit_partitions.drop_old(NOW)
    assert Visit.objects.get() == joined
