"""Guessing one person's password from many addresses is slow, and locks nobody out."""

import pytest
from django.conf import settings
from django.test import Client

from adtarget.core import rate_limit
from leads import sign_in
from leads.models import Account
from tests.factories import MembershipFactory, UserFactory

LIMIT = sign_in.TRIES_OF_ALL_IN_A_ROW


def attempt(address: int, *, password: str = "wrong", name: str = "ada", browser: Client | None = None) -> str:
    """A try from one of many addresses; the page's text."""
    given = {"username": name, "password": password}
    return (browser or Client()).post("/sign-in/", given, REMOTE_ADDR=f"203.0.{address // 250}.{address % 250}").text


@pytest.fixture(autouse=True)
def _no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a test takes."""
    monkeypatch.setattr(sign_in, "TRIES_OF_ALL_PER_MINUTE", 0.001)
    for name in ("ada", "bob", "nobody"):
        rate_limit.forget(f"sign-in-of-all:{name}")


@pytest.fixture
def ada(account: Account) -> Client:
    """A browser in which she has signed in before."""
    MembershipFactory(account=account, user=UserFactory(username="ada"))
    browser = Client()
    assert attempt(999, password="secret-word", browser=browser) == ""
    browser.post("/sign-out/")
    rate_limit.forget("sign-in-of-all:ada")
    return browser


@pytest.mark.promise("S15")
def test_many_addresses_share_a_persons_tries(ada: Client) -> None:
    texts = [attempt(address) for address in range(LIMIT + 5)]
    assert ["Too many attempts" in text for text in texts] == [False] * LIMIT + [True] * 5


def test_a_guess_by_another_spelling_counts_alike(ada: Client) -> None:
    for address in range(LIMIT):
        attempt(address, name="ADA" if address % 2 else "ada")
    assert "Too many attempts" in attempt(LIMIT)


def test_the_person_signs_in_meanwhile_where_she_did_before(ada: Client) -> None:
    for address in range(LIMIT + 5):
        attempt(address)
    assert attempt(999, password="secret-word", browser=ada) == ""
    assert "_auth_user_id" in ada.session


def test_another_person_is_not_slowed_down(ada: Client) -> None:
    UserFactory(username="bob")
    for address in range(LIMIT + 5):
        attempt(address)
    assert attempt(77, name="bob", password="secret-word") == ""


def test_a_known_browser_is_known_for_its_own_person(ada: Client) -> None:
    UserFactory(username="bob")
    for address in range(LIMIT + 5):
        attempt(address, name="bob")
    assert "Too many attempts" in attempt(998, name="bob", password="secret-word", browser=ada)


def test_a_forged_cookie_knows_nobody(ada: Client) -> None:
    for address in range(LIMIT + 5):
        attempt(address)
    forged = Client()
    forged.cookies[sign_in.KNOWN_BROWSER] = ada.cookies[sign_in.KNOWN_BROWSER].value[:-2] + "xx"
    assert "Too many attempts" in attempt(997, password="secret-word", browser=forged)


def test_who_is_unknown_is_slowed_down_alike(db: None) -> None:
    texts = [attempt(address, name="nobody") for address in range(LIMIT + 1)]
    assert "Too many attempts" in texts[-1]


@pytest.mark.skipif(bool(settings.REDIS_URL), reason="The buckets are Redis's, where they expire")
def test_an_address_of_many_names_makes_no_bucket_for_each(db: None) -> None:
    for number in range(80):
        attempt(1, name=f"name-{number}")
    kinds = rate_limit._local_buckets()._kinds
    assert sum(len(kind) for kind in kinds.values()) < 150
