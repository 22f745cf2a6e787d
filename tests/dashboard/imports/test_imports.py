"""Imports as owners make them: upload, meaning, preview, progress, broken rows."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from adtarget.imports import asking, files, running, working
from adtarget.imports.models import Import, State
from conversions.models import Conversion
from dispatch.models import Send
from leads.choices import Role
from leads.models import Account, AuditEntry, Channel, ErasedPerson
from tests.dashboard.conftest import SignedIn
from tests.factories import AccountFactory, MembershipFactory

TABLE = "Telegram id,Amount,Note\n7,49.90,a\n8,ten,b\n9,5,c\n"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def upload(home: str):
    def call(browser: Client, text: str = TABLE) -> Any:
        file = SimpleUploadedFile("orders.csv", text.encode())
        return browser.post(f"{home}imports/upload/", {"file": file})

    return call


@pytest.fixture
def page(owner: Client, upload) -> str:
    """The address of an import whose columns are to be named."""
    return upload(owner).headers["Location"]


@pytest.fixture
def meaning(channel: Channel) -> dict[str, str]:
    return {
        "column_0": "telegramUserId",
        "column_1": "value",
        "channel": channel.pk,
        "event_type": "Purchase",
        "currency": "EUR",
    }


def work(now: Any = None) -> None:
    for import_id in working.waiting_imports(timezone.now()):
        working.work_on(import_id, clock=timezone.now)


def test_columns_are_guessed_and_sampled(owner: Client, page: str) -> None:
    text = owner.get(page).text
    assert '<option value="telegramUserId" selected>' in text
    assert "49.90" in text


def test_the_preview_says_what_would_happen(owner: Client, page: str, meaning, meta_pixel) -> None:
    text = owner.post(page, {**meaning, "step": "preview"}).text
    assert "2 new events" in text
    assert "1 broken" in text
    assert "value" in text
    assert not Conversion.objects.exists()


def test_an_import_runs_in_a_worker(owner: Client, page: str, meaning, meta_pixel) -> None:
    assert owner.post(page, {**meaning, "step": "import"}).headers["Location"] == page
    assert "Waiting for a worker" in owner.get(page).text
    work()
    assert "All 3 rows are dealt with" in owner.get(f"{page}progress/").text
    assert Conversion.objects.count() == 2
    assert AuditEntry.objects.get(action="import").details["rows"] == 3


def test_the_upload_goes_once_it_is_in(owner: Client, page: str, meaning) -> None:
    owner.post(page, {**meaning, "step": "import"})
    work()
    assert not files.upload_of(Import.objects.get().pk).exists()


def test_broken_rows_are_downloaded(owner: Client, page: str, meaning) -> None:
    owner.post(page, {**meaning, "step": "import"})
    work()
    lines = owner.get(f"{page}problems/").getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "Line,Problem,Telegram id,Amount,Note"
    assert lines[1].startswith("3,")


def test_history_is_not_sent(owner: Client, upload, home, channel, meta_pixel) -> None:
    page = upload(owner, "telegramUserId,email,eventTime\n7,ada@example.com,2026-11-01\n").headers["Location"]
    given = {f"column_{n}": name for n, name in enumerate(("telegramUserId", "pii.email", "eventTime"))}
    given |= {"channel": channel.pk, "event_type": "Lead", "is_history": "on"}
    assert "Nothing would be sent" in owner.post(page, {**given, "step": "preview"}).text
    owner.post(page, {**given, "step": "import"})
    work()
    assert Conversion.objects.count() == 1
    assert not Send.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"column_2": "value"}, "Two columns mean Value"),
        ({"column_0": ""}, "No column means Telegram id"),
        ({"event_type": ""}, "No column means Event"),
    ],
)
def test_a_wrong_meaning_is_explained(owner: Client, page: str, meaning, changes, said: str) -> None:
    answer = owner.post(page, {**meaning, **changes, "step": "import"})
    assert answer.status_code == 422
    assert said in answer.text
    assert Import.objects.get().state == State.MAPPING


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("a,b\n", "no rows"), ("a,a\n1,2\n", "twice")])
def test_what_is_no_table_is_not_kept(owner: Client, upload, text: str, said: str) -> None:
    answer = upload(owner, text)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Import.objects.exists()
    assert not list(files.folder().iterdir())


def test_a_second_import_waits(owner: Client, page: str, meaning, account: Account) -> None:
    user = MembershipFactory(account=account).user
    Import.objects.create(account=account, asked_by=user, state=State.WORKING)
    assert "Another import of this account" in owner.post(page, {**meaning, "step": "import"}, follow=True).text


def test_a_cancelled_import_stops(owner: Client, page: str, meaning, monkeypatch) -> None:
    monkeypatch.setattr(running, "ROWS_AT_ONCE", 1)
    owner.post(page, {**meaning, "step": "import"})
    real = running.record

    def record(*given: Any, **more: Any) -> Any:
        outcome = real(*given, **more)
        Import.objects.update(state=State.CANCELLED)
        return outcome

    monkeypatch.setattr(running, "record", record)
    work()
    assert Import.objects.get().position == 0
    assert not Conversion.objects.exists()


def test_cancelling_deletes_the_upload(owner: Client, page: str) -> None:
    owner.post(f"{page}cancel/")
    assert Import.objects.get().state == State.CANCELLED
    assert not list(files.folder().iterdir())


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF, Role.VIEWER])
def test_only_owners_import(signed_in: SignedIn, upload, role: Role) -> None:
    assert upload(signed_in(role)).status_code == 403


def test_a_strangers_upload_is_not_read(client: Client, upload) -> None:
    assert upload(client).headers["Location"].startswith("/sign-in/")
    assert not list(files.folder().iterdir())


def test_an_upload_without_a_token_is_refused(owner: Client, home: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    answer = strict.post(f"{home}imports/upload/", {"file": SimpleUploadedFile("orders.csv", TABLE.encode())})
    assert answer.status_code == 403
    assert not Import.objects.exists()


@pytest.mark.promise("S1")
@pytest.mark.parametrize("part", ["", "progress/", "problems/"])
def test_another_accounts_import_is_unknown(owner: Client, home: str, part: str) -> None:
    other = AccountFactory()
    user = MembershipFactory(account=other).user
    theirs = Import.objects.create(account=other, asked_by=user, state=State.DONE)
    assert owner.get(f"{home}imports/{theirs.pk}/{part}").status_code == 404


def test_only_who_uploaded_gets_the_rows(owner: Client, home: str, account: Account) -> None:
    user = MembershipFactory(account=account).user
    other = Import.objects.create(account=account, asked_by=user, state=State.DONE, broken=1)
    files.write_at(files.problems_of(other.pk), 0, "Line\n")
    assert owner.get(f"{home}imports/{other.pk}/problems/").status_code == 404


def test_rows_from_before_an_erasure_are_deleted(owner: Client, page: str, meaning, account: Account) -> None:
    owner.post(page, {**meaning, "step": "import"})
    work()
    ErasedPerson.objects.create(account=account, person_sha256="ab" * 32, erased_at=timezone.now())
    assert "A person was erased" in owner.get(f"{page}problems/", follow=True).text
    assert not list(files.folder().iterdir())


def test_a_large_file_is_taken_a_larger_refused(owner: Client, upload, settings) -> None:
    settings.FORM_MAX_BYTES = 1_000
    settings.IMPORT_MAX_BYTES = 100_000
    assert upload(owner, "telegramUserId\n" + "7\n" * 10_000).status_code == 302
    assert upload(owner, "telegramUserId\n" + "7\n" * 60_000).status_code == 413


def test_a_day_later_the_upload_is_gone(owner: Client, page: str) -> None:
    asking.delete_old(timezone.now() + asking.KEPT_FOR * 1.1)
    assert not list(files.folder().iterdir())
    assert owner.get(page).status_code == 404
