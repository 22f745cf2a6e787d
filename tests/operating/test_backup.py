"""Backups of a running installation: what is in them, how they are proven, and what is sent after a restore."""

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from adtarget.core import heartbeat
from adtarget.operating.backup import sealing
from adtarget.operating.backup.keeping import read_rule, superfluous
from adtarget.operating.backup.making import make_backup
from adtarget.operating.backup.manifest import NotABackup, sha256_of
from adtarget.operating.backup.restoring import Keys, restored, verify
from dispatch.choices import Reason, SendStatus
from dispatch.holding import hold_restored
from dispatch.models import Send
from tests.factories import SendFactory, SiteFactory
from tests.faults.stack import Stack, wait_for

PASSED = ["rows of", "SHA-256", "audit_sends", "a test event to each connected platform", "The backup holds."]


# ------------------------------------------------------------------ the running product
@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three purchases sent, two more accepted while no worker runs, then an encrypted backup with the secrets."""
    redis_url, key = os.environ.get("TEST_REDIS_URL", ""), pyrage.x25519.Identity.generate()
    with Stack(tmp_path_factory.mktemp("backup"), redis_url=redis_url) as stack:
        stack.provision("meta", "google")
        stack.start("web", "worker")
        stack.sent = [stack.convert(person)["conversionId"] for person in (1, 2, 3)]
        for one in stack.sent:
            wait_for(lambda one=one: stack.is_sent(one))
        stack.kill("worker")
        stack.pending = [stack.convert(person)["conversionId"] for person in (4, 5)]
        (stack.folder / "var" / "exports").mkdir(exist_ok=True)
        (stack.folder / "var" / "exports" / "kept.csv").write_text("a,b\n")
        (stack.folder / "key.txt").write_text(f"# a comment\n{key}\n")
        target = str(stack.folder / "made.tar")
        stack.manage("backup", "--to", target, "--encrypt-to", str(key.to_public()), "--with-secrets")
        yield stack


def restore(stack: Stack, *how: str) -> str:
    return stack.manage(
        "restore", str(stack.folder / "made.tar.age"), "--identity", str(stack.folder / "key.txt"), *how
    )


@pytest.mark.processes
@pytest.mark.xdist_group("backup")
class TestOfARunningProduct:
    def test_it_is_encrypted(self, stack) -> None:
        assert (stack.folder / "made.tar.age").read_bytes().startswith(b"age-encryption.org/v1")
        assert not (stack.folder / "made.tar").exists()

    def test_only_its_owner_may_read_it(self, stack) -> None:
        assert (stack.folder / "made.tar.age").stat().st_mode & 0o077 == 0

    def test_it_is_verified_while_the_product_runs(self, stack) -> None:
        receipt = restore(stack, "--verify")

        assert [words for words in PASSED if words not in receipt] == []
        assert stack.get("/healthz").status_code == 200

    def test_what_was_pending_goes_out_under_its_own_ids(self, stack) -> None:
        """The last: the machine is thrown away, and each event still reaches the platform once."""
        stack.convert(6)  # after the backup: lost
        stack.kill("web")
        shutil.rmtree(stack.folder / "var" / "exports")
        wait_for(lambda: "Restored." in self.applied(stack), seconds=60, every=2)
        assert (stack.folder / "var" / "exports" / "kept.csv").exists()
        assert stack.manage("audit_sends").startswith("5 accepted = 2 open + 3 sent")

        stack.start("web", "worker")
        for one in (*stack.sent, *stack.pending):
            wait_for(lambda one=one: stack.is_sent(one), seconds=60)
        assert sorted(stack.accepted_event_ids("meta")) == sorted([*stack.sent, *stack.pending])

    def applied(self, stack: Stack) -> str:
        """Refused while the killed worker's last report is younger than 15 seconds."""
        try:
            return restore(stack, "--apply", "--yes")
        except AssertionError as refused:
            if "A worker runs" not in str(refused):
                raise
            return ""


# ------------------------------------------------------------------ what is in it
def backed_up(folder: Path, **options: object) -> Path:
    chosen = {"seal": sealing.Seal(), "with_secrets": False, **options}
    return make_backup(folder / "x.tar", version="1", now=timezone.now(), say=str, **chosen)


def names_in(archive: Path) -> set[str]:
    with tarfile.open(archive) as tar:
        return set(tar.getnames())


@pytest.fixture
def var(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path / "var"
    for name in ("secrets.json", "exports/kept.csv", "broker/queue/message"):
        (settings.VAR_DIR / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.VAR_DIR / name).write_text("content")
    return settings.VAR_DIR


@pytest.mark.django_db(transaction=True)
def test_it_holds_data_but_neither_secrets_nor_queue(var, tmp_path) -> None:
    names = names_in(backed_up(tmp_path))
    assert {name for name in names if name.startswith("var/")} == {"var/exports/kept.csv"}


@pytest.mark.django_db(transaction=True)
def test_secrets_are_in_it_where_asked_for(var, tmp_path) -> None:
    assert "var/secrets.json" in names_in(backed_up(tmp_path, with_secrets=True))


@pytest.mark.django_db(transaction=True)
def test_a_lost_row_is_noticed(var, tmp_path) -> None:
    SiteFactory()
    poorer = changed(backed_up(tmp_path), tmp_path / "poorer.tar", rows={"leads_site": 2})

    with restored(poorer, Keys(), vendor=connection.vendor, say=str) as found:
        assert verify(found) == ["leads_site has 1 rows instead of 2."]


@pytest.mark.django_db(transaction=True)
def test_a_changed_file_is_noticed(var, tmp_path) -> None:
    archive = backed_up(tmp_path)
    archive.write_bytes(archive.read_bytes().replace(b"content", b"c0ntent"))

    with pytest.raises(NotABackup, match="damaged"), restored(archive, Keys(), vendor=connection.vendor, say=str):
        pass


def test_a_running_worker_forbids_to_apply_it(monkeypatch) -> None:
    monkeypatch.setattr(heartbeat, "seen_within", lambda seconds: ["worker-1"])
    with pytest.raises(CommandError, match="A worker runs"):
        call_command("restore", "x.tar", "--apply", "--yes")


def changed(archive: Path, copy: Path, *, rows: dict[str, int]) -> Path:
    """The archive with other counts in its manifest."""
    with tarfile.open(archive) as source, tarfile.open(copy, "w") as target:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == "manifest.json":
                facts = json.loads(data)
                facts["rows"] |= rows
                data = json.dumps(facts).encode()
                member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return copy


# ------------------------------------------------------------------ damaged archives
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no archive"), (b"not a tar file" * 100, "no archive"), (None, "No such file")],
)
def test_what_is_no_archive_is_refused(tmp_path, settings, content, message) -> None:
    settings.VAR_DIR = tmp_path
    if content is not None:
        (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(CommandError, match=message):
        call_command("restore", tmp_path / "x.tar", "--verify")


def test_a_wrong_passphrase_opens_nothing(tmp_path) -> None:
    (tmp_path / "x.tar").write_bytes(b"content")
    sealed = sealing.Seal(passphrase="right").apply(tmp_path / "x.tar")

    with pytest.raises(NotABackup, match="does not open"):
        sealing.open_archive(sealed, tmp_path / "out", passphrase="wrong")


def test_the_right_passphrase_opens_it(tmp_path) -> None:
    (tmp_path / "x.tar").write_bytes(b"content")
    digest = sha256_of(tmp_path / "x.tar")
    sealed = sealing.Seal(passphrase="right").apply(tmp_path / "x.tar")
    sealing.open_archive(sealed, tmp_path / "out", passphrase="right")

    assert sha256_of(tmp_path / "out") == digest


def test_a_wrong_public_key_leaves_the_file_alone(tmp_path) -> None:
    (tmp_path / "x.tar").write_bytes(b"content")
    with pytest.raises(sealing.CannotSeal):
        sealing.Seal(recipient="age1nothing").apply(tmp_path / "x.tar")


# ------------------------------------------------------------------ rotation
@pytest.mark.parametrize("text", ["", "7", "d", "7d4", "-1d", "4w7d"])
def test_a_rule_that_cannot_be_read_is_refused(text) -> None:
    with pytest.raises(ValueError, match="no rule"):
        read_rule(text)


def test_the_newest_of_each_day_and_week_stays() -> None:
    made = [Path(f"adtarget-202611{day:02}T{hour:02}0000Z.tar") for day in range(1, 25) for hour in (2, 14)]
    gone = superfluous(made, read_rule("3d2w"))
    kept = sorted(file.name for file in set(made) - set(gone))

    assert kept == [f"adtarget-202611{day}T140000Z.tar" for day in (22, 23, 24)]


def test_files_of_other_names_are_left_alone() -> None:
    assert superfluous([Path("notes.txt"), Path("adtarget-20261101T020000Z.tar")], read_rule("1d")) == []


# ------------------------------------------------------------------ what waits for people
@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "expected"), [(46, SendStatus.PENDING), (48, SendStatus.FAILED)])
def test_open_sends_of_an_old_backup_wait(hours, expected) -> None:
    now = timezone.now()
    send, done = SendFactory(), SendFactory(sent=True)

    assert hold_restored(made_at=now - timedelta(hours=hours), now=now) == (expected == SendStatus.FAILED)

    assert Send.objects.get(pk=send.pk).status == expected
    assert Send.objects.get(pk=done.pk).status == SendStatus.SENT


@pytest.mark.django_db
def test_what_waits_says_why() -> None:
    now, send = timezone.now(), SendFactory()
    hold_restored(made_at=now - timedelta(days=3), now=now)

    send.refresh_from_db()
    assert (send.reason, send.due_at) == (Reason.RESTORED, None)
