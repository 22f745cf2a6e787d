"""The dashboard and the admin find the same events by the same words."""

import pytest
from django.test import Client
from django.urls import reverse

from dispatch.models import Send
from leads.models import Account
from tests.dashboard.conftest import sign_in_recently
from tests.factories import SendFactory, UserFactory


@pytest.fixture
def send(account: Account) -> Send:
    return SendFactory(
        conversion__channel__site__account=account,
        conversion__order_id="order-7",
        conversion__lead__telegram_user_id=700000001,
        conversion__lead__telegram_username="Grace_Hopper",
        conversion__lead__external_user_id="customer-7",
    )


WORDS = ["700000001", "@grace_hopper", "GRACE_HOPPER", "customer-7", "order-7", "{send.pk}", "{send.conversion_id}"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("page", ["conversions/", "delivery/"])
def test_the_dashboard_finds_it(owner: Client, account: Account, send: Send, page: str, word: str) -> None:
    found = owner.get(f"/accounts/{account.pk}/{page}", {"q": word.format(send=send)})
    assert str(send.pk if page == "delivery/" else send.conversion_id) in found.text.split("<table")[1]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("model", ["conversions_conversion", "dispatch_send"])
def test_the_admin_finds_it(client: Client, send: Send, model: str, word: str) -> None:
    sign_in_recently(client, UserFactory(ops=True))
    found = client.get(reverse(f"admin:{model}_changelist"), {"q": word.format(send=send)})
    assert [row.pk for row in found.context["cl"].result_list] == [
        send.pk if model == "dispatch_send" else send.conversion_id
    ]


def test_a_strangers_event_is_not_found(owner: Client, send: Send, account: Account) -> None:
    theirs = SendFactory(conversion__lead__telegram_user_id=700000001)
    assert theirs.pk not in owner.get(f"/accounts/{account.pk}/delivery/", {"q": "700000001"}).text
