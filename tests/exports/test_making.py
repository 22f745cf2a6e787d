"""Files of exports, as a worker makes and deletes them."""

import csv
import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from adtarget.core.statement_limit import statement_limit
from adtarget.exports import asking, files, making, reading
from adtarget.exports.models import Export, Kind, State
from leads.models import Account, Channel
from tests.factories import AccountFactory, ConversionFactory, JoinFactory, MembershipFactory


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def ask(account: Account, kind: Kind = Kind.CONVERSIONS, **query: str) -> Export:
    user = MembershipFactory(account=account).user
    return asking.begin(account, user, kind, query, zone="UTC", is_direct=False, now=timezone.now())


def rows_of(export: Export) -> list[dict[str, str]]:
    return list(csv.DictReader(files.path_of(export.pk).read_text("utf-8-sig").splitlines()))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_each_row_stands_in_the_file_once(account: Account, channel: Channel, monkeypatch, size: int) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", size)
    same, earlier = timezone.now(), timezone.now() - timedelta(hours=1)
    made = [
        ConversionFactory(channel=channel, attributed_at=at) for at in (same, earlier, same, earlier, same, same, same)
    ]
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    expected = sorted(made, key=lambda row: (row.attributed_at, row.pk), reverse=True)
    assert [row["Conversion id"] for row in rows_of(export)] == [row.pk for row in expected]


def test_a_finished_file_is_counted(account: Account, channel: Channel) -> None:
    ConversionFactory.create_batch(3, channel=channel)
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, 3)


def test_filters_and_account_hold_in_the_file(account: Account, channel: Channel) -> None:
    ConversionFactory()
    ConversionFactory(channel=channel)
    wanted = ConversionFactory(channel=channel, purchase=True)
    export = ask(account, event_type="Purchase")
    making.make(export.pk, clock=timezone.now)
    assert [row["Conversion id"] for row in rows_of(export)] == [wanted.pk]


def test_a_channels_joins_become_a_file(account: Account, channel: Channel) -> None:
    join = JoinFactory(channel=channel, joined_at=timezone.now())
    export = ask(account, Kind.JOINS, channel=channel.pk, days="7")
    making.make(export.pk, clock=timezone.now)
    assert [row["Telegram id"] for row in rows_of(export)] == [str(join.lead.telegram_user_id)]


def test_another_accounts_channel_makes_no_file(account: Account, stranger_channel: Channel) -> None:
    export = ask(account, Kind.JOINS, channel=stranger_channel.pk, days="7")
    making.make(export.pk, clock=timezone.now)
    export.refresh_from_db()
    assert export.state == State.FAILED


def test_only_the_systems_user_reads_a_file(account: Account) -> None:
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    path = files.path_of(export.pk)
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]


def test_progress_is_told_while_it_is_written(account: Account, channel: Channel, monkeypatch) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 2)
    ConversionFactory.create_batch(5, channel=channel)
    told: list[int] = []

    def clock():
        told.append(Export.objects.get().rows)
        return timezone.now()

    making.make(ask(account).pk, clock=clock)
    assert told == [0, 0, 2]


def test_one_that_is_made_is_not_made_again(account: Account) -> None:
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    making.make(export.pk, clock=timezone.now)
    export.refresh_from_db()
    assert export.tries == 1


def test_few_are_made_at_once(account: Account, monkeypatch) -> None:
    monkeypatch.setattr(making, "MOST_AT_ONCE", 1)
    working = ask(AccountFactory())
    Export.objects.filter(pk=working.pk).update(state=State.WORKING, alive_until=timezone.now() + asking.LEASE)
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    export.refresh_from_db()
    assert export.state == State.WAITING


def test_a_lost_workers_export_waits_again(account: Account) -> None:
    export = ask(account)
    now = timezone.now()
    Export.objects.update(state=State.WORKING, tries=1, alive_until=now - timedelta(seconds=1))
    assert making.waiting_exports(now) == [export.pk]


def test_three_lost_workers_are_enough(account: Account) -> None:
    ask(account)
    now = timezone.now()
    Export.objects.update(state=State.WORKING, tries=3, alive_until=now - timedelta(seconds=1))
    assert making.waiting_exports(now) == []
    assert Export.objects.get().state == State.FAILED


def test_who_lost_the_lease_writes_nothing(account: Account, channel: Channel, monkeypatch) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 1)
    ConversionFactory.create_batch(3, channel=channel)
    export = ask(account)

    def clock():
        Export.objects.filter(state=State.WORKING, rows__gte=1).update(tries=2)  # another worker took it over
        return timezone.now()

    making.make(export.pk, clock=clock)
    assert not files.path_of(export.pk).exists()
    assert not list(files.folder().glob("*.part"))


def test_a_slow_statement_fails_the_export(account: Account, monkeypatch) -> None:
    def slow(*_: object, **__: object):
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(reading, "read", slow)
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    export.refresh_from_db()
    assert export.error.startswith("The database took too long")


def test_a_day_later_row_and_file_are_gone(account: Account) -> None:
    export = ask(account)
    making.make(export.pk, clock=timezone.now)
    making.delete_old(timezone.now() + timedelta(hours=23))
    assert files.path_of(export.pk).exists()
    making.delete_old(timezone.now() + timedelta(hours=25))
    assert not files.path_of(export.pk).exists()
    assert not Export.objects.exists()


def test_a_file_without_a_row_goes_too(account: Account) -> None:
    left = files.folder() / "exp_gone.csv"
    left.touch()
    os.utime(left, (time.time() - 90_000,) * 2)
    making.delete_old(timezone.now())
    assert not left.exists()


@pytest.mark.django_db(transaction=True)
def test_postgresql_stops_a_slow_statement() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no limit for a statement")
    before = _limit()
    with pytest.raises(OperationalError), statement_limit(0.2), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert _limit() == before


def _limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])
