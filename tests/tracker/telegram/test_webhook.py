"""The door: the secret first, then 200, and every update once."""

import json

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from conversions.models import Conversion
from leads.models import Lead
from tests.factories import BotFactory
from tests.tracker.telegram import recorded
from tests.tracker.telegram.conftest import tell
from tracker import joins
from tracker.models import Join, TelegramUpdate
from tracker.telegram import intake

pytestmark = pytest.mark.django_db


def test_a_join_is_answered_with_200_and_counted(bot, channel) -> None:
    assert tell(bot, recorded.join()).status_code == 200
    assert Conversion.objects.get().channel == channel


@pytest.mark.promise("S5")
@pytest.mark.parametrize("secret", [None, "", "wrong", "webhook-secre", "webhook-secret2", "wébhook-sécret"])
def test_without_the_right_secret_nothing_changes(bot, channel, secret) -> None:
    response = tell(bot, recorded.join(), secret=secret)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "INVALID_KEY"
    assert not TelegramUpdate.objects.exists()
    assert not Lead.objects.exists()


def test_an_unknown_bot_is_refused_as_a_wrong_secret_is(bot, channel) -> None:
    wrong = tell(bot, recorded.join(), secret="wrong")
    for unknown in ("bot_unknown", "%00", "x" * 500):
        response = tell(unknown, recorded.join())
        assert (response.status_code, response.content) == (401, wrong.content)


@pytest.mark.promise("S5")
def test_the_secret_of_one_bot_opens_no_other(bot, channel) -> None:
    other = BotFactory(account=bot.account, webhook_secret="another-secret")
    assert tell(other, recorded.join()).status_code == 401
    assert tell(bot, recorded.join(), secret="another-secret").status_code == 401


def test_a_bot_without_a_secret_takes_nothing(channel) -> None:
    mute = BotFactory(webhook_secret="")
    assert tell(mute, recorded.join(), secret="").status_code == 401
    assert tell(mute, recorded.join(), secret=None).status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xff\xfe", b"[" * 100_000, b"null", b"[1]", b'{"update_id": 1}', b'{"update_id": "1"}'],
)
def test_what_is_no_update_of_ours_is_answered_and_not_kept(bot, channel, body) -> None:
    assert tell(bot, body).status_code == 200
    assert not TelegramUpdate.objects.exists()


def test_a_body_over_a_megabyte_is_refused(bot, channel) -> None:
    assert tell(bot, b" " * (1024 * 1024 + 1)).status_code == 413


@pytest.mark.promise("S5")
def test_a_body_that_is_too_large_is_not_even_looked_at_without_the_secret(bot, channel) -> None:
    assert tell(bot, b" " * (1024 * 1024 + 1), secret="wrong").status_code == 401


def test_only_post_is_taken(bot) -> None:
    assert Client().get(f"/telegram/webhook/{bot.pk}").status_code == 405


@pytest.mark.promise("S5")
def test_a_replayed_update_happens_once(bot, channel) -> None:
    for _ in range(3):
        assert tell(bot, recorded.join(number=5)).status_code == 200
    assert TelegramUpdate.objects.count() == Conversion.objects.count() == Join.objects.count() == 1


def test_two_bots_may_use_the_same_update_id(bot, channel) -> None:
    other = BotFactory(account=bot.account)
    tell(bot, recorded.join(number=5, person=701))
    tell(other, recorded.bot_rights(number=5))
    assert TelegramUpdate.objects.count() == 2


@pytest.mark.promise("S9")
def test_an_update_is_kept_without_names(bot, channel) -> None:
    tell(bot, recorded.join_request(link="https://t.me/+abc"))
    kept = json.dumps(TelegramUpdate.objects.get().body)
    assert "Lovelace" not in kept
    assert "metaphysician" not in kept


def test_what_fails_is_kept_answered_and_worked_by_the_sweep(bot, channel, monkeypatch) -> None:
    def broken(**_: object) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(joins, "record_join", broken)
        assert tell(bot, recorded.join()).status_code == 200
    row = TelegramUpdate.objects.get()
    assert (row.processed_at, row.failures, Join.objects.count()) == (None, 1, 0)
    assert "disk is full" in row.error
    intake.work_due(row.due_at)
    assert Join.objects.count() == Conversion.objects.count() == 1


def test_a_failing_update_is_tried_with_growing_pauses(bot, channel, monkeypatch) -> None:
    monkeypatch.setattr(joins, "record_join", lambda **_: 1 / 0)
    tell(bot, recorded.join())
    pauses = []
    for _ in range(12):
        now = TelegramUpdate.objects.get().due_at
        intake.work_due(now)
        pauses.append((TelegramUpdate.objects.get().due_at - now).total_seconds())
    assert pauses[:3] == [10, 20, 40]
    assert pauses[-1] == 3600


def test_an_update_that_nobody_worked_is_found_by_the_sweep(bot, channel) -> None:
    now = timezone.now()
    TelegramUpdate.objects.create(bot=bot, update_id=9, body=recorded.join(), received_at=now, due_at=now)
    intake.work_due(now)
    assert Conversion.objects.count() == 1
    assert TelegramUpdate.objects.get().processed_at == now


def test_worked_updates_are_purged_after_a_week(bot, channel) -> None:
    tell(bot, recorded.join())
    now = timezone.now()
    assert intake.purge(now + intake.KEEP_FOR - intake.FIRST_PAUSE) == 0
    assert intake.purge(now + intake.KEEP_FOR) == 1


def test_an_open_update_is_never_purged(bot) -> None:
    now = timezone.now()
    TelegramUpdate.objects.create(bot=bot, update_id=9, body={}, received_at=now, due_at=now)
    assert intake.purge(now + 10 * intake.KEEP_FOR) == 0
