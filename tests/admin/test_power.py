"""Who may open which admin page, and who may grant what."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from leads import sign_in
from leads.choices import Role
from leads.models import Account, Membership
from tests.dashboard.conftest import sign_in_recently
from tests.factories import ApiKeyFactory, BotFactory, MembershipFactory, UserFactory


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may do everything with people, and is no superuser."""
    person = UserFactory(username="clerk", is_staff=True)
    wanted = Permission.objects.filter(content_type__app_label__in=["auth", "leads"])
    person.user_permissions.set(wanted)
    return person


@pytest.fixture
def clerks_browser(clerk: User) -> Client:
    client = Client()
    sign_in_recently(client, clerk)
    return client


def page_of(person: User) -> str:
    return f"/admin/auth/user/{person.pk}/change/"


# ------------------------------------------------------------------ second step
@pytest.mark.parametrize("page", ["", "leads/account/", "auth/user/", "dispatch/send/"])
def test_an_accounts_second_step_holds_in_the_admin(ops: Client, account: Account, page: str) -> None:
    Account.objects.update(requires_second_step=True)
    assert ops.get(f"/admin/{page}").headers["Location"] == "/you/"


def test_with_a_second_step_the_admin_opens(ops: Client, account: Account) -> None:
    Account.objects.update(requires_second_step=True)
    TOTPDevice.objects.create(user=User.objects.get(username="ada"), confirmed=True)
    assert ops.get("/admin/").status_code == 200


def test_an_unconfirmed_app_is_no_second_step(ops: Client, account: Account) -> None:
    Account.objects.update(requires_second_step=True)
    TOTPDevice.objects.create(user=User.objects.get(username="ada"), confirmed=False)
    assert ops.get("/admin/").status_code == 302


# ------------------------------------------------------------------ recent sign-in
PAGES: dict[str, Callable[[], str]] = {
    "a person": lambda: page_of(UserFactory()),
    "a new person": lambda: "/admin/auth/user/add/",
    "a password": lambda: f"/admin/auth/user/{UserFactory().pk}/password/",
    "deleting a person": lambda: f"/admin/auth/user/{UserFactory().pk}/delete/",
    "a membership": lambda: f"/admin/leads/membership/{MembershipFactory().pk}/change/",
    "a new membership": lambda: "/admin/leads/membership/add/",
    "deleting a membership": lambda: f"/admin/leads/membership/{MembershipFactory().pk}/delete/",
    "an account": lambda: f"/admin/leads/account/{MembershipFactory().account_id}/change/",
    "a key": lambda: f"/admin/leads/apikey/{ApiKeyFactory().pk}/change/",
    "a bot": lambda: f"/admin/leads/bot/{BotFactory().pk}/change/",
    "a group": lambda: "/admin/auth/group/add/",
}


@pytest.fixture
def old_sign_in(ops: Client) -> Client:
    session = ops.session
    session[sign_in.CONFIRMED_AT] = (timezone.now() - timedelta(hours=13)).isoformat()
    session.save()
    return ops


@pytest.mark.parametrize("name", PAGES)
def test_after_twelve_hours_a_page_asks_for_the_password(old_sign_in: Client, name: str) -> None:
    assert old_sign_in.get(PAGES[name]()).headers["Location"].startswith("/confirm/?next=%2Fadmin%2F")


@pytest.mark.parametrize("name", PAGES)
def test_a_form_sent_late_changes_nothing(old_sign_in: Client, name: str) -> None:
    page = PAGES[name]()
    before = list(User.objects.values("pk", "password")), Membership.objects.count()
    assert old_sign_in.post(page, {"post": "yes", "username": "eve"}).headers["Location"].startswith("/confirm/")
    assert (list(User.objects.values("pk", "password")), Membership.objects.count()) == before


@pytest.mark.parametrize("model", ["auth/user", "leads/membership", "leads/apikey"])
def test_an_action_sent_late_asks_for_the_password(old_sign_in: Client, model: str) -> None:
    answer = old_sign_in.post(f"/admin/{model}/", {"action": "delete_selected", "_selected_action": "1"})
    assert answer.headers["Location"].startswith("/confirm/")


# ------------------------------------------------------------------ granting
@pytest.mark.promise("S15")
@pytest.mark.parametrize("grant", ["is_superuser", "is_staff"])
def test_only_a_superuser_grants_power(clerks_browser: Client, grant: str) -> None:
    person = UserFactory(username="grace")
    form = {"username": "grace", grant: "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    clerks_browser.post(page_of(person), form)
    person.refresh_from_db()
    assert not getattr(person, grant)


def test_only_a_superuser_grants_permissions(clerks_browser: Client) -> None:
    person, group = UserFactory(username="grace"), Group.objects.create(name="everything")
    form = {"username": "grace", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    wanted = {"user_permissions": [Permission.objects.all()[0].pk], "groups": [group.pk]}
    assert clerks_browser.post(page_of(person), form | wanted).status_code == 302
    assert not person.user_permissions.exists()
    assert not person.groups.exists()


def test_a_superuser_still_grants(ops: Client) -> None:
    person = UserFactory(username="grace")
    form = {"username": "grace", "is_active": "on", "is_staff": "on"}
    ops.post(page_of(person), form | {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"})
    person.refresh_from_db()
    assert person.is_staff


def _in_a_group() -> User:
    person = UserFactory()
    person.groups.add(Group.objects.create(name="support"))
    return person


@pytest.mark.parametrize(
    "powerful",
    [lambda: UserFactory(ops=True), lambda: UserFactory(is_staff=True), _in_a_group],
    ids=["superuser", "staff", "in a group"],
)
@pytest.mark.parametrize("page", ["change", "password", "delete"])
def test_others_do_not_change_who_has_power(clerks_browser: Client, powerful: Callable[[], User], page: str) -> None:
    person = powerful()
    words = {"password1": "correct-horse-9", "password2": "correct-horse-9", "usable_password": "true"}
    answer = clerks_browser.post(f"/admin/auth/user/{person.pk}/{page}/", {"username": "x", "post": "yes", **words})
    assert answer.status_code == 403
    assert User.objects.get(pk=person.pk).password == person.password


def test_others_do_not_delete_a_superuser_from_the_list(clerks_browser: Client) -> None:
    person = UserFactory(ops=True)
    form = {"action": "delete_selected", "_selected_action": person.pk, "post": "yes"}
    clerks_browser.post("/admin/auth/user/", form)
    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize("page", ["", "add/"])
def test_groups_are_for_superusers(clerks_browser: Client, page: str) -> None:
    assert clerks_browser.get(f"/admin/auth/group/{page}").status_code == 403


def test_the_others_may_still_change_people_without_power(clerks_browser: Client) -> None:
    person = MembershipFactory(role=Role.VIEWER).user
    form = {"username": "renamed", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    clerks_browser.post(page_of(person), form)
    person.refresh_from_db()
    assert person.username == "renamed"
