"""Owners decide who belongs to the account."""

import pytest
from django.test import Client

from leads.choices import Role
from leads.models import Account, AuditEntry, Membership
from tests.dashboard.conftest import SignedIn
from tests.factories import InvitationFactory, MembershipFactory


@pytest.fixture
def people(home: str) -> str:
    return f"{home}people/"


def test_a_role_is_changed(owner: Client, people: str, account: Account) -> None:
    bob = MembershipFactory(account=account, role=Role.VIEWER)
    owner.post(f"{people}{bob.pk}/role/", {"role": "manager"})
    bob.refresh_from_db()
    assert bob.role == Role.MANAGER
    assert AuditEntry.objects.get().details == {"role": ["viewer", "manager"]}
    assert "Choose one of the roles" in owner.post(f"{people}{bob.pk}/role/", {"role": "king"}).text


def test_who_is_removed_sees_nothing_any_more(owner: Client, people: str, home: str, account: Account) -> None:
    bob = MembershipFactory(account=account)
    (browser := Client()).force_login(bob.user)
    assert browser.get(home + "values/").status_code == 200
    owner.post(f"{people}{bob.pk}/remove/")
    assert browser.get(home + "values/").status_code == 404
    assert AuditEntry.objects.get().action == "remove_person"


@pytest.mark.parametrize(("deed", "form"), [("role", {"role": "staff"}), ("remove", {})])
def test_the_last_owner_stays(owner: Client, people: str, account: Account, deed: str, form: dict[str, str]) -> None:
    own = Membership.objects.get(account=account)
    page = owner.post(f"{people}{own.pk}/{deed}/", form).text
    assert "An account needs an owner" in page
    own.refresh_from_db()
    assert own.role == Role.OWNER
    MembershipFactory(account=account, role=Role.OWNER)
    assert owner.post(f"{people}{own.pk}/{deed}/", form).headers["Location"] == "/"
    assert not Membership.objects.filter(pk=own.pk, role=Role.OWNER).exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF, Role.VIEWER])
def test_people_are_the_owners_business(signed_in: SignedIn, people: str, account: Account, role: Role) -> None:
    bob, browser = MembershipFactory(account=account), signed_in(role)
    invitation = InvitationFactory(account=account)
    assert browser.get(people).status_code == 403
    for path in (
        "",
        "second-step/",
        f"{bob.pk}/role/",
        f"{bob.pk}/remove/",
        f"invitations/{invitation.pk}/send/",
        f"invitations/{invitation.pk}/withdraw/",
    ):
        assert browser.post(people + path, {"who": "eve", "role": "owner"}).status_code == 403
    assert Membership.objects.filter(account=account, role=Role.OWNER).count() == 0


def test_anothers_people_are_not_found(owner: Client, people: str) -> None:
    theirs = MembershipFactory(role=Role.OWNER)
    for deed in ("role", "remove"):
        assert owner.post(f"{people}{theirs.pk}/{deed}/", {"role": "viewer"}).status_code == 404
    for deed in ("send", "withdraw"):
        assert owner.post(f"{people}invitations/{InvitationFactory().pk}/{deed}/").status_code == 404
    assert theirs.user.get_username() not in owner.get(people).text


def test_an_owner_asks_everyone_for_a_second_step(owner: Client, people: str, account: Account) -> None:
    owner.post(f"{people}second-step/", {"is_required": "on"})
    account.refresh_from_db()
    assert account.requires_second_step
    assert owner.get(people).headers["Location"] == "/you/"
    assert AuditEntry.objects.get().details == {"is_required": True}


def test_the_page_takes_no_query_per_person(
    owner: Client, people: str, account: Account, django_assert_num_queries
) -> None:
    MembershipFactory.create_batch(5, account=account)
    InvitationFactory.create_batch(5, account=account)
    owner.get(people)
    with django_assert_num_queries(6):
        owner.get(people)
