"""A key is shown once, never changed, revoked for good."""

import re

import pytest

from leads import api_keys
from leads.models import ApiKey, AuditEntry
from tests.factories import AccountFactory, ApiKeyFactory, SiteFactory

pytestmark = pytest.mark.django_db

KEYS = "/admin/leads/apikey/"


def make(ops, account, **values):
    return ops.post(KEYS + "add/", {"account": account.pk, "site": "", "name": "backend", "mode": "live", **values})


@pytest.mark.promise("S2")
def test_the_token_is_shown_once_and_no_cache_keeps_it(ops) -> None:
    answer = make(ops, AccountFactory())
    token = re.search(r"atk_live_[a-z0-9]{8}_\w{32}", answer.content.decode())[0]
    assert "no-store" in answer["Cache-Control"]
    key = api_keys.verify(token)
    secret = token.rpartition("_")[2]
    assert secret not in ops.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert secret not in str(list(AuditEntry.objects.values())) + str(dict(ops.session))


def test_the_sixth_key_is_refused_beside_the_form(ops) -> None:
    account = AccountFactory()
    for _ in range(5):
        ApiKeyFactory(account=account)
    answer = make(ops, account, name="sixth")
    assert "5 active keys already" in answer.content.decode()
    assert ApiKey.objects.count() == 5


def test_a_form_sent_twice_makes_one_key(ops) -> None:
    account = AccountFactory()
    make(ops, account)
    make(ops, account)
    assert ApiKey.objects.count() == 1


def test_a_key_is_not_limited_to_a_strangers_site(ops) -> None:
    answer = make(ops, AccountFactory(), site=SiteFactory().pk)
    assert "belongs to another account" in answer.content.decode()


def test_revoking_asks_first_and_is_for_good(ops) -> None:
    key = ApiKeyFactory()
    ops.post(KEYS, {"action": "revoke", "_selected_action": key.pk})
    assert ApiKey.objects.active().exists()
    ops.post(KEYS, {"action": "revoke", "_selected_action": key.pk, "confirmed": "yes"})
    assert not ApiKey.objects.active().exists()
    assert AuditEntry.objects.get().action == "apikey.revoke"


def test_name_and_limits_can_be_changed_and_nothing_secret(ops) -> None:
    key = ApiKeyFactory()
    changed = {"name": "shop", "rate_limit_per_minute": "60", "rate_limit_burst": "", "prefix": "zzzzzzzz"}
    ops.post(f"{KEYS}{key.pk}/change/", changed | {"secret_sha256": "0" * 64, "mode": "test"})
    now = ApiKey.objects.get()
    assert (now.name, now.rate_limit_per_minute) == ("shop", 60)
    assert (now.prefix, now.secret_sha256, now.mode) == (key.prefix, key.secret_sha256, "live")
    assert AuditEntry.objects.get().details["fields"]["name"] == ["backend", "shop"]
