"""People of the account, each with a browser of their own."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads import sign_in
from leads.choices import Role
from leads.models import Account
from tests.factories import MembershipFactory, UserFactory


def sign_in_recently(client: Client, user: User) -> None:
    """As if the password had been given just now."""
    client.force_login(user)
    session = client.session
    sign_in.note_confirmed(session)
    session.save()


SignedIn = Callable[[Role], Client]


@pytest.fixture
def signed_in(account: Account) -> SignedIn:
    """`signed_in(Role.STAFF)`: a browser in which such a person of the account is signed in."""

    def sign_in(role: Role) -> Client:
        membership = MembershipFactory(account=account, role=role, user=UserFactory(username=f"{role}-of-acme"))
        client = Client()
        sign_in_recently(client, membership.user)
        return client

    return sign_in


@pytest.fixture
def owner(signed_in: SignedIn) -> Client:
    return signed_in(Role.OWNER)


@pytest.fixture
def staff(signed_in: SignedIn) -> Client:
    return signed_in(Role.STAFF)


@pytest.fixture
def viewer(signed_in: SignedIn) -> Client:
    return signed_in(Role.VIEWER)


@pytest.fixture
def home(account: Account) -> str:
    return f"/accounts/{account.pk}/"
