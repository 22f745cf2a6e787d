"""How many queries each page takes, however much there is to show."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adtarget.demo import seeding
from conversions.models import Conversion
from dispatch.models import Send
from leads.models import Account

#: Each page of the account that shows events, with the most queries that it may take.
PAGES = {
    "overview/?days=7": 19,
    "overview/?days=90": 19,
    "overview/sources/?days=30": 6,
    "overview/sources/?days=30&export=csv": 6,
    "conversions/": 8,
    "conversions/?status=pending": 8,
    "conversions/?status=failed": 8,
    "conversions/?q={person}": 9,
    "conversions/{conversion}/": 8,
    "consent/": 10,
    "delivery/": 7,
    "delivery/?status=failed": 7,
    "delivery/?reason=rejected": 7,
    "delivery/?q={person}": 9,
    "delivery/quality/": 17,
    "delivery/{send}/": 6,
    "leads/": 6,
    "leads/?q={person}": 6,
    "leads/{lead}/": 13,
    "values/": 7,
    "values/several/": 4,
}


def address(page: str, account: Account) -> str:
    conversion = Conversion.objects.of_account(account).filter(sends__isnull=False).latest_first()[0]
    send = Send.objects.filter(conversion=conversion).latest("pk")
    names = {"person": conversion.telegram_user_id, "conversion": conversion.pk, "send": send.pk}
    return reverse("dashboard:account", args=[account.pk]) + page.format(lead=conversion.lead_id, **names)


def seed(account: Account, conversions: int) -> None:
    order = seeding.Order(account=account.name, conversions=conversions, days=40, seed=1)
    seeding.seed(order, now=timezone.now(), progress=lambda _: None, again=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_no_more_queries_for_many_rows_than_for_few(
    page: str, owner: Client, account: Account, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for conversions in (20, 60):
        seed(account, conversions)
        wanted = address(page, account)
        owner.get(wanted)  # the session notes the account once
        cache.clear()
        with django_assert_max_num_queries(PAGES[page]):
            assert owner.get(wanted).status_code == 200
