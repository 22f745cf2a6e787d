"""A sign-in ends: after hours without use, and after days in any case."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads.models import Account
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(account: Account, client: Client) -> Client:
    """Signed in just now, by name and password."""
    MembershipFactory(account=account, user=UserFactory(username="ada"))
    assert client.post("/sign-in/", {"username": "ada", "password": "secret-word"}).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/you/").status_code == 200


def after(**time: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**time))


def test_twelve_hours_without_use_end_it(ada: Client) -> None:
    with after(hours=12, minutes=1):
        assert not is_signed_in(ada)


def test_use_keeps_it(ada: Client) -> None:
    for hours in (10, 20, 30):
        with after(hours=hours):
            assert is_signed_in(ada)


def test_fourteen_days_end_it_whatever_the_use(ada: Client) -> None:
    for hours in range(0, 14 * 24, 8):
        with after(hours=hours):
            assert is_signed_in(ada)
    with after(days=14, minutes=1):
        assert not is_signed_in(ada)


def test_signing_in_again_begins_anew(ada: Client) -> None:
    for hours in range(0, 13 * 24, 8):
        with after(hours=hours):
            assert is_signed_in(ada)
    with after(days=13):
        ada.post("/sign-out/")
        ada.post("/sign-in/", {"username": "ada", "password": "secret-word"})
    for hours in range(13 * 24, 15 * 24, 8):
        with after(hours=hours):
            assert is_signed_in(ada)


def test_the_settings_decide(ada: Client, settings) -> None:
    settings.SESSION_COOKIE_AGE = 1800
    with after(minutes=2):
        assert is_signed_in(ada)
    with after(minutes=33):
        assert not is_signed_in(ada)


def test_a_session_of_an_earlier_release_ends_too(account: Account, client: Client) -> None:
    user: User = MembershipFactory(account=account).user
    client.force_login(user)
    assert is_signed_in(client)
    with after(hours=12, minutes=1):
        assert not is_signed_in(client)


def test_a_session_in_use_is_written_once_a_minute(ada: Client, django_assert_num_queries) -> None:
    assert is_signed_in(ada)
    with django_assert_num_queries(4) as first:
        assert is_signed_in(ada)
    assert not [query for query in first.captured_queries if query["sql"].startswith("UPDATE")]
