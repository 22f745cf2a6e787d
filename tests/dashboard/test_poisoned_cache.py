"""Pages with a cache that somebody else wrote to."""

import re
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test import Client

from leads.models import Account
from tests.core.test_cached import poisons
from tests.factories import ConversionFactory


@pytest.mark.django_db
def test_the_overview_of_a_kept_period_is_the_same(owner: Client, account: Account) -> None:
    ConversionFactory.create_batch(3, site__account=account)
    first, second = (owner.get(f"/accounts/{account.pk}/overview/").text for _ in range(2))
    token = r'name="csrfmiddlewaretoken" value="\w+"'
    assert re.sub(token, "", second) == re.sub(token, "", first)


@pytest.mark.promise("S20")
@pytest.mark.django_db
@pytest.mark.skipif(not settings.REDIS_URL, reason="Redis is not configured")
@pytest.mark.parametrize("number", range(10))
def test_pages_live_on_with_a_poisoned_redis(owner: Client, account: Account, tmp_path: Path, number: int) -> None:
    pages = ("/metrics", f"/accounts/{account.pk}/overview/")
    for page in pages:
        owner.get(page)
    client = redis.Redis.from_url(settings.REDIS_URL)
    keys = [key for key in client.keys("*") if key.startswith(b":1:")]
    assert len(keys) == 2
    for key in keys:
        client.set(key, poisons(tmp_path / "ran")[number])

    assert [owner.get(page).status_code for page in pages] == [200, 200]
    assert not (tmp_path / "ran").exists()
