"""Exports as people ask for them: one at a time, a long one in the background, its file for one person."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.exports import asking, files, making, reading
from adtarget.exports.models import Export, Kind, State
from leads.choices import Role
from leads.models import Account, AuditEntry, Channel, ErasedPerson
from tests.dashboard.conftest import SignedIn, sign_in_recently
from tests.factories import AccountFactory, ConversionFactory, JoinFactory, MembershipFactory


@pytest.fixture(autouse=True)
def _few_rows(settings, tmp_path: Path, monkeypatch) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(reading, "DIRECT_ROWS", 2)


def export_of(account: Account, state: State = State.WORKING, **more: object) -> Export:
    user = MembershipFactory(account=account).user
    more = {"alive_until": timezone.now() + asking.LEASE} | more
    return Export.objects.create(account=account, asked_by=user, kind=Kind.CONVERSIONS, state=state, zone="UTC", **more)


def ask(browser: Client, home: str):
    return browser.get(f"{home}conversions/", {"format": "csv"})


def test_a_short_list_comes_at_once(viewer: Client, home: str, channel: Channel) -> None:
    conversions = ConversionFactory.create_batch(2, channel=channel)
    answer = ask(viewer, home)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert all(conversion.pk in answer.text for conversion in conversions)


def test_a_short_list_leaves_the_place_free(viewer: Client, home: str, channel: Channel) -> None:
    for _ in range(2):
        assert ask(viewer, home).headers["Content-Type"].startswith("text/csv")
    assert not Export.objects.exists()


def test_a_long_list_is_made_by_a_worker(viewer: Client, home: str, channel: Channel) -> None:
    ConversionFactory.create_batch(3, channel=channel)
    page = ask(viewer, home).headers["Location"]
    export = Export.objects.get()
    assert page == f"{home}exports/{export.pk}/"
    assert "Waiting for a worker" in viewer.get(page).text
    making.make(export.pk, clock=timezone.now)
    assert "The file is ready: 3 rows" in viewer.get(f"{page}progress/").text
    assert len(viewer.get(f"{page}file/").getvalue().splitlines()) == 4


def test_long_joins_are_made_by_a_worker(viewer: Client, home: str, channel: Channel) -> None:
    JoinFactory.create_batch(3, channel=channel, joined_at=timezone.now())
    page = viewer.get(f"{home}channels/{channel.pk}/", {"format": "csv"}).headers["Location"]
    making.make(Export.objects.get().pk, clock=timezone.now)
    assert len(viewer.get(f"{page}file/").getvalue().splitlines()) == 4


def test_a_second_export_is_told_to_wait(viewer: Client, home: str, account: Account, channel: Channel) -> None:
    ConversionFactory(channel=channel)
    export_of(account)
    answer = viewer.get(f"{home}conversions/", {"format": "csv"}, follow=True)
    assert "Another export of this account is not done yet" in answer.text


def test_ones_own_export_is_shown_instead(viewer: Client, home: str, channel: Channel) -> None:
    ConversionFactory.create_batch(3, channel=channel)
    first = ask(viewer, home).headers["Location"]
    assert ask(viewer, home).headers["Location"] == first
    assert Export.objects.count() == 1


def test_another_accounts_export_does_not_wait(viewer: Client, home: str, channel: Channel) -> None:
    export_of(AccountFactory())
    assert ask(viewer, home).headers["Content-Type"].startswith("text/csv")


def test_a_request_that_died_frees_its_place(viewer: Client, home: str, account: Account, channel: Channel) -> None:
    export_of(account, is_direct=True, alive_until=timezone.now() - timedelta(seconds=1))
    assert ask(viewer, home).headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("page", ["", "progress/", "file/"])
def test_only_who_asked_gets_the_file(signed_in: SignedIn, home: str, account: Account, page: str) -> None:
    export = export_of(account, State.READY)
    files.create(files.path_of(export.pk)).close()
    assert signed_in(Role.OWNER).get(f"{home}exports/{export.pk}/{page}").status_code == 404


def test_who_left_the_account_gets_no_file(client: Client, home: str, account: Account) -> None:
    export = export_of(account, State.READY)
    files.create(files.path_of(export.pk)).close()
    sign_in_recently(client, export.asked_by)
    assert client.get(f"{home}exports/{export.pk}/file/").getvalue() == b""
    account.memberships.all().delete()
    assert client.get(f"{home}exports/{export.pk}/file/").status_code == 404


@pytest.mark.parametrize("state", [State.WAITING, State.WORKING, State.FAILED])
def test_an_unfinished_file_is_not_given(client: Client, home: str, account: Account, state: State) -> None:
    export = export_of(account, state)
    sign_in_recently(client, export.asked_by)
    assert client.get(f"{home}exports/{export.pk}/file/").status_code == 404


def test_a_file_from_before_an_erasure_is_deleted(client: Client, home: str, account: Account) -> None:
    export = export_of(account, State.READY)
    files.create(files.path_of(export.pk)).close()
    ErasedPerson.objects.create(account=account, person_sha256="ab" * 32, erased_at=timezone.now())
    sign_in_recently(client, export.asked_by)
    assert "A person was erased" in client.get(f"{home}exports/{export.pk}/file/", follow=True).text
    assert not files.path_of(export.pk).exists()


def test_a_missing_file_is_explained(client: Client, home: str, account: Account) -> None:
    export = export_of(account, State.READY)
    sign_in_recently(client, export.asked_by)
    assert "VAR_DIR" in client.get(f"{home}exports/{export.pk}/file/", follow=True).text


@pytest.mark.promise("S21")
def test_an_export_stands_in_the_audit_trail(viewer: Client, home: str, channel: Channel) -> None:
    ask(viewer, home)
    assert AuditEntry.objects.get().action == "export"
