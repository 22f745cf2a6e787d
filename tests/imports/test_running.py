"""Imports piece by piece: what is recorded, what is listed, and how a killed one goes on."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from adtarget.exports import spreadsheet
from adtarget.imports import files, previews, reading, rows, running
from adtarget.imports.models import Import, State
from conversions.choices import Source
from conversions.models import Conversion
from dispatch.models import Send
from leads.models import Account, Lead
from leads.tombstones import person_sha256
from tests.factories import AccountFactory, ConversionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(account: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "ROWS_AT_ONCE", 3)

    def call(path: Path, *options: str) -> Import:
        call_command("import_conversions", str(path), "--account", account.pk, *options)
        return Import.objects.latest("created_at")

    return call


def broken_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.with_name(f"{path.name}.problems.csv").read_text("utf-8-sig").splitlines()))


def test_the_right_rows_are_in_and_the_broken_listed(run, write, purchase, meta_pixel) -> None:
    path = write([purchase(n, **({"currency": "XXX"} if n % 4 == 0 else {})) for n in range(10)])
    work = run(path)
    assert (work.state, work.recorded, work.broken) == (State.DONE, 7, 3)
    assert [row["orderId"] for row in broken_rows(path)] == ["order-0", "order-4", "order-8"]
    assert Conversion.objects.count() == Send.objects.count() == 7


def test_a_broken_row_says_why_and_where(run, write, purchase) -> None:
    path = write([purchase(1, telegramUserId="ada", value="-1")])
    with pytest.raises(CommandError, match="No row"):
        run(path)
    (row,) = broken_rows(path)
    assert row["Line"] == "2"
    assert "telegramUserId" in row["Problem"]
    assert "value" in row["Problem"]


def test_corrected_rows_can_be_imported(run, write, purchase) -> None:
    path = write([purchase(1), purchase(2, currency="XXX")])
    run(path)
    problems = path.with_name(f"{path.name}.problems.csv")
    problems.write_text(problems.read_text("utf-8").replace("XXX", "USD"), "utf-8")
    assert run(problems).recorded == 1


def test_contacts_are_kept_as_hashes(run, write, purchase) -> None:
    run(write([purchase(1)]))
    pii = Conversion.objects.get().pii
    assert len(pii["email"]) == 64


def test_history_is_recorded_and_not_sent(run, write, purchase, meta_pixel) -> None:
    run(write([purchase(1)]), "--history-only")
    assert Conversion.objects.get().source == Source.HISTORY
    assert not Send.objects.exists()


def test_history_needs_its_time(run, write, purchase) -> None:
    path = write([purchase(1), purchase(2, eventTime="")])
    assert run(path, "--history-only").broken == 1


def test_a_repeat_within_the_file_is_known(run, write, purchase) -> None:
    work = run(write([purchase(1), purchase(1)]), "--history-only")
    assert (work.recorded, work.duplicates) == (1, 1)


def test_a_second_import_doubles_nothing(run, write, purchase) -> None:
    path = write([purchase(n) for n in range(5)])
    run(path, "--history-only")
    assert run(path, "--history-only").duplicates == 5
    assert Conversion.objects.count() == 5


def test_an_erased_person_stays_erased(run, write, purchase, account) -> None:
    account.erased_people.create(person_sha256=person_sha256(account.pk, 1001), erased_at=timezone.now())
    assert run(write([purchase(1), purchase(2)])).broken == 1
    assert not Lead.objects.filter(telegram_user_id=1001).exists()


def test_another_accounts_site_is_unknown(run, write, purchase, stranger_site) -> None:
    path = write([purchase(1), purchase(2, siteId=stranger_site.pk)])
    run(path)
    assert "not a site of this account" in broken_rows(path)[0]["Problem"]


def test_a_known_person_needs_no_site(run, write, purchase, channel) -> None:
    ConversionFactory(channel=channel, lead__telegram_user_id=1001)
    assert run(write([purchase(1, siteId="", channelId="")])).recorded == 1


def _rows_left() -> list[Any]:
    """What stands in the database, without ids and the moment of recording."""
    names = [field.name for field in Conversion._meta.fields if field.name not in ("id", "lead", "session", "visit")]
    people = ("telegram_user_id", "external_user_id", "first_seen_at", "last_seen_at")
    return [
        list(Conversion.objects.order_by("telegram_user_id", "attributed_at", "order_id").values(*names)),
        list(Lead.objects.order_by("telegram_user_id").values(*people)),
        list(Send.objects.order_by("conversion__telegram_user_id").values("platform", "status", "priority")),
    ]


@pytest.mark.parametrize("options", [[], ["--history-only"]])
def test_many_at_once_leave_what_one_by_one_does(
    run, write, purchase, account, meta_pixel, monkeypatch, options
) -> None:
    """New, known, repeated and erased people, and broken rows, in one piece."""
    monkeypatch.setattr(running, "ROWS_AT_ONCE", 500)
    account.erased_people.create(person_sha256=person_sha256(account.pk, 1005), erased_at=timezone.now())
    path = write([purchase(n % 9, orderId=f"o-{n}", **({"value": "x"} if n == 3 else {})) for n in range(14)])
    counts, left = [], []
    for is_bulk in (True, False):
        if not is_bulk:
            monkeypatch.setattr(rows, "record_first_events", lambda *_, **__: {})
        work = run(path, *options)
        counts.append((work.recorded, work.duplicates, work.updated, work.broken))
        left.append(_rows_left())
        Lead.objects.all().delete()
    assert counts[0] == counts[1]
    assert counts[0][0] > 5
    assert left[0] == left[1]


def test_new_people_cost_statements_once(write, purchase, account, meta_pixel, django_assert_max_num_queries) -> None:
    path = write([purchase(n) for n in range(60)])
    columns = {name: name for name in reading.columns(path) if name != "email"}
    order = rows.Order(account=account, columns=columns, fixed={}, is_history=False)
    given = rows.prepare(reading.read(path), order, now=timezone.now())
    for piece in (given[:10], given[10:]):
        with django_assert_max_num_queries(9):
            assert rows.record(piece, order, now=timezone.now()).recorded == len(piece)


def test_a_value_the_database_refuses_breaks_its_row_only(run, write, purchase, monkeypatch) -> None:
    from django.db import DataError

    from conversions import recording_many

    def refuse(*_: Any, **__: Any) -> Any:
        raise DataError("value too long")

    monkeypatch.setattr(recording_many.Conversion.objects, "bulk_create", refuse)
    assert run(write([purchase(n) for n in range(3)])).recorded == 3


class Killed(BaseException):
    """As SIGKILL: nothing that the code catches."""


@pytest.mark.parametrize("rows_before", [0, 1, 3, 4, 7])
@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_without_a_double(run, write, purchase, monkeypatch, rows_before: int) -> None:
    path = write([purchase(n, orderId="", **({"currency": "XXX"} if n == 2 else {})) for n in range(9)])
    monkeypatch.setattr(rows, "record_first_events", lambda *_, **__: {})
    real, left = rows.record_conversion, [rows_before]

    def record(**facts: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return real(**facts)

    monkeypatch.setattr(rows, "record_conversion", record)
    with pytest.raises(Killed):
        run(path)
    monkeypatch.setattr(rows, "record_conversion", real)
    work = run(path, "--resume")
    assert (work.recorded, work.duplicates, work.broken) == (8, 0, 1)
    assert len(broken_rows(path)) == 1


def test_a_begun_file_is_not_begun_again(run, write, purchase, account) -> None:
    path = write([purchase(1)])
    Import.objects.create(account=account, sha256=files.sha256_of(path), state=State.WORKING, rows=1)
    with pytest.raises(CommandError, match="--resume goes on"):
        run(path)


def test_resuming_a_done_file_changes_nothing(run, write, purchase) -> None:
    path = write([purchase(1)])
    run(path)
    assert run(path, "--resume").recorded == 1
    assert Import.objects.count() == Conversion.objects.count() == 1


def test_resuming_keeps_to_history(run, write, purchase, account) -> None:
    path = write([purchase(1)])
    Import.objects.create(account=account, sha256=files.sha256_of(path), state=State.WORKING, is_history=True, rows=1)
    with pytest.raises(CommandError, match="--history-only"):
        run(path, "--resume")


def test_who_lost_the_claim_records_nothing(run, write, purchase, account) -> None:
    path = write([purchase(1)])
    work = Import.objects.create(account=account, state=State.WAITING, columns={"telegramUserId": "telegramUserId"})
    running.claim(work, now=timezone.now())
    other = Import.objects.get()
    running.claim(other, now=timezone.now())
    with pytest.raises(running.Lost):
        running.run(work, path, path.with_suffix(".problems"), clock=timezone.now)
    assert not Conversion.objects.exists()


def test_a_lock_is_waited_for(run, write, purchase, monkeypatch) -> None:
    monkeypatch.setattr(rows, "record_first_events", lambda *_, **__: {})
    real, failures = rows.record_conversion, [2]

    def record(**facts: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("deadlock detected")
        return real(**facts)

    monkeypatch.setattr(rows, "record_conversion", record)
    monkeypatch.setattr(running.time, "sleep", lambda seconds: None)
    assert run(write([purchase(1), purchase(2)])).recorded == 2


def test_a_dry_run_changes_nothing(run, write, purchase, account, meta_pixel, capsys) -> None:
    path = write([purchase(1), purchase(2, currency="XXX")])
    call_command("import_conversions", str(path), "--dry-run")
    told = capsys.readouterr().out
    assert "2 rows: 1 new events" in told
    assert "1 would be sent to meta" in told
    assert "line 3: currency" in told
    assert [model.objects.count() for model in (Conversion, Lead, Import)] == [0, 0, 0]


def test_a_preview_changes_nothing(write, purchase, account, meta_pixel) -> None:
    path = write([purchase(1), purchase(2)])
    header = reading.columns(path)
    order = rows.Order(
        account=account, columns={name: name for name in header if name != "email"}, fixed={}, is_history=False
    )
    tried = previews.preview(reading.read(path), order, now=timezone.now())
    assert (tried.rows, tried.outcome.recorded, tried.outcome.sends["meta"]) == (2, 2, 0)
    assert [model.objects.count() for model in (Conversion, Lead)] == [0, 0]


def test_columns_can_be_named_and_values_fixed(run, write, site, channel) -> None:
    path = write([("7", "5")], header=("who", "paid"))
    given = {"siteId": site.pk, "channelId": channel.pk, "eventType": "Purchase", "currency": "EUR"}
    fixed = [f"--set={name}={value}" for name, value in given.items()]
    assert run(path, "--map=telegramUserId=who", "--map=value=paid", *fixed).recorded == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--map=nothing=who"], "There is no field nothing"),
        (["--map=value=nothing"], "There is no column nothing"),
        (["--map=value"], "Write value as"),
        ([], "No column is named telegramUserId"),
    ],
)
def test_a_wrong_mapping_is_explained(run, write, options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(write([("7", "5")], header=("who", "paid")), *options)


def test_of_several_accounts_one_is_named(write, purchase) -> None:
    AccountFactory()
    with pytest.raises(CommandError, match="Say which account"):
        call_command("import_conversions", str(write([purchase(1)])))


def test_an_export_can_be_imported(run, write, purchase, account, channel, tmp_path) -> None:
    from adtarget.dashboard.conversions.export import wanted_list
    from adtarget.exports import reading as exports

    run(write([purchase(n, orderId="=1+1" if n else "") for n in range(3)]), "--history-only")
    wanted = wanted_list(account, {})
    path = tmp_path / "export.csv"
    path.write_text("".join(spreadsheet.lines(wanted.header, exports.read(wanted))), "utf-8")
    names = ("telegram_user_id", "value", "currency", "order_id", "event_time", "event_type", "channel_id")
    before = list(Conversion.objects.order_by("telegram_user_id").values(*names))
    Conversion.objects.all().delete()
    assert run(path, "--history-only").recorded == 3
    assert list(Conversion.objects.order_by("telegram_user_id").values(*names)) == before


def test_json_lines_are_imported(run, tmp_path, site, channel) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(
        f'{{"telegramUserId": 7, "siteId": "{site.pk}", "channelId": "{channel.pk}", "eventType": "Purchase", '
        '"value": 12.5, "currency": "EUR", "pii": {"email": "ada@example.com"}}\n'
    )
    assert run(path).recorded == 1
    assert "email" in Conversion.objects.get().pii


def test_an_old_claim_is_given_up(account) -> None:
    from adtarget.imports import working
    from tests.factories import MembershipFactory

    user = MembershipFactory(account=account).user
    now = timezone.now()
    work = Import.objects.create(
        account=account, asked_by=user, state=State.WORKING, alive_until=now - timedelta(seconds=1)
    )
    assert working.waiting_imports(now) == [work.pk]
