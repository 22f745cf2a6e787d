"""Owners decide who belongs to the account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from leads import members
from leads.choices import Role
from leads.models import Account, AuditEntry, Membership
from tests.dashboard.conftest import SignedIn
from tests.factories import AccountFactory, MembershipFactory, UserFactory

NEW = "quite-another-word-7"


@pytest.fixture
def people(home: str) -> str:
    return f"{home}people/"


def link_in(page: str) -> str:
    found = re.search(r"http://testserver(/set-password/[^/]+/[^/]+/)<", page)
    assert found
    return found[1]


def set_password(browser: Client, link: str) -> bool:
    """Whether the link let somebody set it."""
    form = browser.get(link, follow=True)
    if "This link is void" in form.text:
        return False
    answer = browser.post(form.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})
    return answer.headers.get("Location") == "/sign-in/"


def test_a_new_person_sets_the_password_by_a_link(owner: Client, people: str, account: Account, client: Client) -> None:
    page = owner.post(people, {"who": "bob", "role": "manager"})
    assert "no-store" in page.headers["Cache-Control"]
    assert link_in(page.text) not in owner.get(people).text
    assert set_password(client, link_in(page.text))
    assert client.post("/sign-in/", {"username": "bob", "password": NEW}).status_code == 302
    assert client.get("/", follow=True).status_code == 200
    assert Membership.objects.get(user__username="bob", account=account).role == Role.MANAGER
    assert set(AuditEntry.objects.values_list("actor", "action")) == {
        ("owner-of-acme", "add_person"),
        ("bob", "set_password"),
    }


def test_a_link_works_once_and_for_three_days(owner: Client, people: str, client: Client) -> None:
    link = link_in(owner.post(people, {"who": "bob", "role": "staff"}).text)
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert not set_password(Client(), link)
    assert set_password(client, link)
    assert not set_password(Client(), link)


def test_a_new_link_voids_the_one_before(owner: Client, people: str, client: Client) -> None:
    first = link_in(owner.post(people, {"who": "bob", "role": "staff"}).text)
    bob = Membership.objects.get(user__username="bob")
    second = link_in(owner.post(f"{people}{bob.pk}/link/").text)
    assert not set_password(Client(), first)
    assert set_password(client, second)


def test_nobody_gets_a_link_for_who_has_a_password(owner: Client, people: str, account: Account) -> None:
    bob = MembershipFactory(account=account, user=UserFactory(username="bob"))
    answer = owner.post(f"{people}{bob.pk}/link/", follow=True).text
    assert "/set-password/" not in answer
    assert User.objects.get(username="bob").check_password("secret-word")


def test_nobody_gets_a_link_for_who_is_anothers_too(owner: Client, people: str) -> None:
    owner.post(people, {"who": "bob", "role": "staff"})
    bob = Membership.objects.get(user__username="bob")
    MembershipFactory(user=bob.user)
    assert "/set-password/" not in owner.post(f"{people}{bob.pk}/link/", follow=True).text


@pytest.mark.parametrize("who", ["bob", "bob@shop.example", "BOB@shop.example"])
def test_a_known_person_is_added_without_a_link(owner: Client, people: str, account: Account, who: str) -> None:
    bob = UserFactory(username="bob", email="bob@shop.example")
    answer = owner.post(people, {"who": who, "role": "staff"}, follow=True).text
    assert "bob signs in as before" in answer
    assert "/set-password/" not in answer
    assert Membership.objects.filter(user=bob, account=account).exists()


def test_the_link_is_mailed_where_mail_is_configured(owner: Client, people: str, settings) -> None:
    settings.EMAIL_IS_CONFIGURED = True
    page = owner.post(people, {"who": "bob@shop.example", "role": "staff"}).text
    assert "It was e-mailed to bob@shop.example" in page
    assert mail.outbox[0].to == ["bob@shop.example"]
    assert link_in(page) in mail.outbox[0].body


def test_mail_that_does_not_leave_is_told_and_the_link_shown(owner: Client, people: str, settings) -> None:
    settings.EMAIL_IS_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = owner.post(people, {"who": "bob@shop.example", "role": "staff"}).text
    assert "could not be e-mailed" in page
    assert link_in(page)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("", "This field is required"),
        ("owner-of-acme", "is here already"),
        ("bob smith", "Write letters"),
        ("<b>", "Write letters"),
        ("x" * 151, "at most 150"),
        ("gone", "switched off"),
        ("waiting", "has not set a password yet"),
        ("twin@shop.example", "Several people"),
    ],
)
def test_who_cannot_be_added_is_told_beside_the_field(owner: Client, people: str, who: str, told: str) -> None:
    UserFactory(username="gone", is_active=False)
    UserFactory(username="waiting", password="!")
    UserFactory.create_batch(2, email="twin@shop.example")
    before = User.objects.count(), Membership.objects.count()
    page = owner.post(people, {"who": who, "role": "staff"}).text
    assert re.search(rf'class="problem" id="id_who_error">[^<]*{told}', page)
    assert (User.objects.count(), Membership.objects.count()) == before


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
    assert browser.get(people).status_code == 403
    for path in ("", "second-step/", f"{bob.pk}/role/", f"{bob.pk}/remove/", f"{bob.pk}/link/"):
        assert browser.post(people + path, {"who": "eve", "role": "owner"}).status_code == 403
    assert Membership.objects.filter(account=account, role=Role.OWNER).count() == 0


def test_anothers_people_are_not_found(owner: Client, people: str) -> None:
    theirs = MembershipFactory(role=Role.OWNER)
    for deed in ("role", "remove", "link"):
        assert owner.post(f"{people}{theirs.pk}/{deed}/", {"role": "viewer"}).status_code == 404
    assert theirs.user.get_username() not in owner.get(people).text


def test_an_owner_asks_everyone_for_a_second_step(owner: Client, people: str, account: Account) -> None:
    owner.post(f"{people}second-step/", {"is_required": "on"})
    account.refresh_from_db()
    assert account.requires_second_step
    assert owner.get(people).headers["Location"] == "/you/"
    assert AuditEntry.objects.get().details == {"is_required": True}


def test_a_member_is_made_in_one_account_only(account: Account) -> None:
    other = AccountFactory()
    members.add(account, "bob", Role.STAFF)
    with pytest.raises(members.Refused):
        members.add(other, "bob", Role.STAFF)
    assert not Membership.objects.filter(account=other).exists()


def test_the_page_takes_no_query_per_person(
    owner: Client, people: str, account: Account, django_assert_num_queries
) -> None:
    MembershipFactory.create_batch(5, account=account)
    owner.get(people)
    with django_assert_num_queries(5):
        owner.get(people)
