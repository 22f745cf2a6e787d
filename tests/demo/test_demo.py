"""The demo account, which is the same at every start."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from adtarget.demo import account
from leads import api_keys
from leads.models import Account, ApiKey, Bot, Channel, Site
from tests.factories import InviteFactory

pytestmark = pytest.mark.django_db


def test_the_key_and_the_password_are_those_of_the_first_start(tmp_path: Path) -> None:
    first = account.prepare(tmp_path / "demo.json", now=timezone.now())

    second = account.prepare(tmp_path / "demo.json", now=timezone.now())

    assert second == first
    assert ApiKey.objects.count() == Account.objects.count() == Site.objects.count() == 1


def test_a_forgotten_key_is_replaced_and_revoked(tmp_path: Path) -> None:
    for _ in range(7):  # more often than an account may have keys
        (tmp_path / "demo.json").unlink(missing_ok=True)
        latest = account.prepare(tmp_path / "demo.json", now=timezone.now())

    assert ApiKey.objects.active().get() == api_keys.verify(latest.token)


def test_another_databases_token_is_not_printed(tmp_path: Path) -> None:
    foreign = f"atk_live_abcdefgh_{'x' * 32}"
    (tmp_path / "demo.json").write_text(json.dumps({"token": foreign, "password": "kept-word"}))

    made = account.prepare(tmp_path / "demo.json", now=timezone.now())

    assert made.token != foreign
    assert made.password == "kept-word"


def test_each_start_speaks_of_another_person(tmp_path: Path) -> None:
    made = account.prepare(tmp_path / "demo.json", now=timezone.now())

    texts = {account.greeting(made, address="http://a", sandbox="http://b", person=person) for person in (1, 2)}

    assert len(texts) == 2


def test_links_and_update_numbers_of_the_last_sandbox_are_forgotten(tmp_path: Path) -> None:
    account.prepare(tmp_path / "demo.json", now=timezone.now())
    Bot.objects.update(poll_offset=10**9)
    lost = InviteFactory(channel=Channel.objects.first())

    account.prepare(tmp_path / "demo.json", now=timezone.now())

    lost.refresh_from_db()
    assert lost.revoked_at is not None
    assert Bot.objects.get().poll_offset == 0
