"""Joining an account takes the person's own proof: nobody gets in by having invited an address first."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from leads import invitations
from leads.choices import Role
from leads.models import Account, AuditEntry, Invitation, Membership
from tests.dashboard.conftest import SignedIn, sign_in_recently
from tests.factories import AccountFactory, MembershipFactory, UserFactory

NEW = "quite-another-word-7"
VICTIM = "victim@shop.example"
LINK = re.compile(r"http://testserver(/invitations/[\w-]+/)")


@pytest.fixture
def people(home: str) -> str:
    return f"{home}people/"


@pytest.fixture
def with_mail(settings) -> None:
    settings.EMAIL_IS_CONFIGURED = True


@pytest.fixture
def attacker(stranger: Account) -> Client:
    """An owner of another account of the same installation."""
    browser = Client()
    sign_in_recently(browser, MembershipFactory(account=stranger, role=Role.OWNER).user)
    return browser


def invite(browser: Client, account: Account, who: str, role: str = "staff") -> str:
    """What the page shows afterwards."""
    form = {"who": who, "role": role}
    return browser.post(f"/accounts/{account.pk}/people/", form, follow=True).text


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found
    return found[1]


def mailed_link() -> str:
    return link_in(mail.outbox[-1].body)


def set_password(link: str) -> Client:
    """A browser without a sign-in, in which the link was opened and a password set."""
    browser = Client()
    browser.get(link)
    browser.post("/invitation/", {"new_password1": NEW, "new_password2": NEW})
    return browser


def sees(browser: Client, account: Account) -> bool:
    return browser.get(f"/accounts/{account.pk}/overview/").status_code == 200


# ------------------------------------------------------------------ the attack
@pytest.mark.promise("S1")
def test_inviting_first_opens_no_other_account(
    attacker: Client, stranger: Account, owner: Client, account: Account
) -> None:
    thief = set_password(link_in(invite(attacker, stranger, VICTIM)))
    assert sees(thief, stranger)
    invite(owner, account, VICTIM)
    assert not sees(thief, account)
    assert thief.get("/invitation/").status_code == 410
    assert not Membership.objects.filter(account=account, user__username__startswith="victim").exists()


def test_inviting_first_opens_no_account_that_mails_later(
    attacker: Client, stranger: Account, owner: Client, account: Account, settings
) -> None:
    thief = set_password(link_in(invite(attacker, stranger, VICTIM)))
    settings.EMAIL_IS_CONFIGURED = True
    invite(owner, account, VICTIM)
    assert not sees(thief, account)
    victim = set_password(mailed_link())
    assert sees(victim, account)
    assert not sees(victim, stranger)
    assert User.objects.get(email=VICTIM).username == VICTIM


def test_who_was_handed_a_link_owns_no_address(attacker: Client, stranger: Account) -> None:
    set_password(link_in(invite(attacker, stranger, VICTIM)))
    person = User.objects.get(username__startswith="victim")
    assert person.email == ""
    assert re.fullmatch(r"victim-[a-z0-9]{4}", person.username)


def test_a_handed_over_name_is_none_an_operator_would_write(attacker: Client, stranger: Account) -> None:
    set_password(link_in(invite(attacker, stranger, "ada")))
    assert not User.objects.filter(username="ada").exists()


@pytest.mark.usefixtures("with_mail")
def test_a_mailed_link_is_shown_to_nobody(owner: Client, account: Account, people: str) -> None:
    shown = invite(owner, account, VICTIM)
    assert mail.outbox[0].to == [VICTIM]
    for page in (shown, owner.get(people).text):
        assert "/invitations/" not in page.replace("/people/invitations/", "")
    token = mailed_link().split("/")[2]
    assert token not in shown
    assert not Invitation.objects.filter(token_sha256=token).exists()


@pytest.mark.usefixtures("with_mail")
def test_mail_that_does_not_leave_shows_no_link(owner: Client, account: Account, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = invite(owner, account, VICTIM)
    assert "could not be e-mailed" in page
    assert not LINK.search(page)


@pytest.mark.promise("S1")
@pytest.mark.parametrize("is_mailed", [True, False])
def test_the_form_tells_no_known_address_from_others(
    owner: Client, account: Account, settings, is_mailed: bool
) -> None:
    settings.EMAIL_IS_CONFIGURED = is_mailed
    known = ["known@shop.example", "gone@shop.example", "waiting@shop.example"]
    UserFactory(username="someone", email=known[0])
    UserFactory(username=known[1], email=known[1], is_active=False)
    UserFactory(username="another", email=known[2], password="!")

    def answer(who: str) -> str:
        page = invite(owner, account, who)
        Invitation.objects.all().delete()
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|inv_\w+|/invitations/[\w-]+/', "", page)
        return page.replace(who, "WHO")

    with time_machine.travel(timezone.now(), tick=False):
        unknown, *others = (answer(who) for who in ("nobody@shop.example", *known))
    assert others == [unknown] * 3
    assert "someone" not in unknown


# ------------------------------------------------------------------ accepting
@pytest.mark.usefixtures("with_mail")
def test_a_known_person_joins_only_by_their_own_yes(owner: Client, account: Account, client: Client) -> None:
    bob = UserFactory(username="bob", email=VICTIM)
    invite(owner, account, VICTIM, role="manager")
    assert not Membership.objects.filter(user=bob).exists()
    client.get(mailed_link())
    assert "Sign in and accept" in client.get("/invitation/").text
    client.post("/sign-in/", {"username": "bob", "password": "secret-word", "next": "/invitation/"})
    assert "You are signed in as <strong>bob</strong>" in client.get("/invitation/").text
    assert not Membership.objects.filter(user=bob).exists()
    assert client.post("/invitation/").headers["Location"] == f"/accounts/{account.pk}/"
    assert Membership.objects.get(user=bob).role == Role.MANAGER
    assert User.objects.filter(email=VICTIM).count() == 1


@pytest.mark.usefixtures("with_mail")
def test_the_page_lists_what_the_person_will_get(owner: Client, account: Account, client: Client) -> None:
    invite(owner, account, VICTIM, role="manager")
    client.get(mailed_link())
    page = client.get("/invitation/").text
    for text in ("Join Acme?", "owner-of-acme", VICTIM, "Manager", "change channels and send events again"):
        assert text in page


@pytest.mark.usefixtures("with_mail")
def test_a_new_person_sets_a_password_and_is_in(owner: Client, account: Account) -> None:
    invite(owner, account, VICTIM)
    bob = set_password(mailed_link())
    assert sees(bob, account)
    again = Client()
    assert again.post("/sign-in/", {"username": VICTIM, "password": NEW}).headers["Location"] == "/"
    entries = AuditEntry.objects.order_by("pk").values_list("actor", "action", "target")
    assert list(entries) == [
        ("owner-of-acme", "invite_person", VICTIM),
        (VICTIM, "accept_invitation", VICTIM),
    ]


@pytest.mark.usefixtures("with_mail")
def test_a_taken_user_name_gets_a_free_one(owner: Client, account: Account) -> None:
    UserFactory(username=VICTIM)
    invite(owner, account, VICTIM)
    set_password(mailed_link())
    assert re.fullmatch(re.escape(VICTIM) + r"-[a-z0-9]{4}", User.objects.get(email=VICTIM).username)


@pytest.mark.parametrize("password", ["short", "12345678", "victim@shop", "password"])
@pytest.mark.usefixtures("with_mail")
def test_a_weak_password_makes_nobody(owner: Client, account: Account, client: Client, password: str) -> None:
    invite(owner, account, VICTIM)
    client.get(mailed_link())
    page = client.post("/invitation/", {"new_password1": password, "new_password2": password})
    assert 'class="problem"' in page.text
    assert not User.objects.filter(email=VICTIM).exists()
    assert Invitation.objects.exists()


def test_an_invitation_can_be_declined(owner: Client, account: Account, client: Client) -> None:
    link = link_in(invite(owner, account, "bob"))
    client.get(link)
    assert "Declined" in client.post("/invitation/decline/").text
    assert client.get(link, follow=True).status_code == 410
    assert not Invitation.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "decline_invitation"


def test_a_member_who_accepts_keeps_the_role(owner: Client, account: Account, client: Client) -> None:
    bob = MembershipFactory(account=account, role=Role.OWNER, user=UserFactory(username="bob")).user
    client.force_login(bob)
    client.get(link_in(invite(owner, account, "robert", role="viewer")))
    client.post("/invitation/")
    assert Membership.objects.get(user=bob, account=account).role == Role.OWNER


# ------------------------------------------------------------------ the life of a link
def test_a_link_works_once(owner: Client, account: Account) -> None:
    link = link_in(invite(owner, account, "bob"))
    assert sees(set_password(link), account)
    assert not sees(set_password(link), account)
    assert Client().get(link, follow=True).status_code == 410


def test_opening_a_link_uses_nothing_up(owner: Client, account: Account) -> None:
    link = link_in(invite(owner, account, "bob"))
    for _ in range(3):  # a mail program, a virus scanner
        assert Client().get(link, follow=True).status_code == 200
    assert sees(set_password(link), account)


def test_a_link_is_void_after_a_day(owner: Client, account: Account) -> None:
    link = link_in(invite(owner, account, "bob"))
    opened = Client()
    opened.get(link)
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        assert Client().get(link, follow=True).status_code == 410
        assert opened.post("/invitation/", {"new_password1": NEW, "new_password2": NEW}).status_code == 410
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        assert Client().get(link, follow=True).status_code == 200


def test_a_new_link_voids_the_one_before(owner: Client, account: Account, people: str) -> None:
    first = link_in(invite(owner, account, "bob"))
    second = link_in(owner.post(f"{people}invitations/{Invitation.objects.get().pk}/send/").text)
    assert not sees(set_password(first), account)
    assert sees(set_password(second), account)


def test_a_withdrawn_link_is_void(owner: Client, account: Account, people: str) -> None:
    link = link_in(invite(owner, account, "bob"))
    opened = Client()
    opened.get(link)
    owner.post(f"{people}invitations/{Invitation.objects.get().pk}/withdraw/")
    assert not sees(set_password(link), account)
    assert opened.get("/invitation/").status_code == 410
    assert AuditEntry.objects.latest("pk").action == "withdraw_invitation"


def test_the_link_stands_in_no_address_of_the_page(owner: Client, account: Account, client: Client) -> None:
    answer = client.get(link_in(invite(owner, account, "bob")))
    assert answer.headers["Location"] == "/invitation/"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_link_stands_nowhere_in_the_database(owner: Client, account: Account, client: Client) -> None:
    link = link_in(invite(owner, account, "bob"))
    client.get(link)
    token = link.split("/")[2]
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(dict(client.session))


def test_many_invitations_at_once_are_slowed_down(owner: Client, account: Account) -> None:
    for number in range(invitations.IN_A_ROW):
        invite(owner, account, f"bob-{number}")
    assert "Too many invitations" in invite(owner, account, "one-more")


@pytest.mark.parametrize(
    ("who", "is_mailed", "told"),
    [
        ("", False, "This field is required"),
        ("owner-of-acme", False, "is here already"),
        ("x" * 151, False, "at most 150"),
        ("bob", True, "valid email address"),
        ("bob@", True, "valid email address"),
    ],
)
def test_who_cannot_be_invited_is_told(owner: Client, people: str, settings, who, is_mailed, told) -> None:
    settings.EMAIL_IS_CONFIGURED = is_mailed
    page = owner.post(people, {"who": who, "role": "staff"}).text
    assert re.search(rf'class="problem" id="id_who_error">[^<]*{told}', page)
    assert not Invitation.objects.exists()


# ------------------------------------------------------------------ the operator
def test_the_operator_adds_who_signs_in_already(account: Account) -> None:
    UserFactory(username="bob")
    call_command("add_person", "bob", account="Acme", role="manager", yes=True)
    assert Membership.objects.get(account=account).role == Role.MANAGER
    assert AuditEntry.objects.get().actor == "manage.py add_person"


def test_the_operator_is_told_whose_sign_in_it_is(account: Account, monkeypatch) -> None:
    MembershipFactory(account=AccountFactory(name="Other"), user=UserFactory(username="bob"), role=Role.OWNER)
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("add_person", "bob", account="Acme")
    assert "bob belongs to Other (owner)" in asked[0]
    assert not Membership.objects.filter(account=account).exists()


@pytest.mark.parametrize(("who", "where"), [("nobody", "Acme"), ("bob", "Nowhere"), ("bob@shop.example", "Acme")])
def test_the_operator_adds_by_user_name_only(account: Account, who: str, where: str) -> None:
    UserFactory(username="bob", email="bob@shop.example")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("add_person", who, account=where, yes=True)


def test_who_never_came_goes_with_their_membership(owner: Client, account: Account, people: str) -> None:
    waiting = MembershipFactory(account=account, user=UserFactory(username=VICTIM, password="!"))
    owner.post(f"{people}{waiting.pk}/remove/")
    assert not User.objects.filter(username=VICTIM).exists()


def test_old_invitations_are_forgotten(account: Account) -> None:
    now = timezone.now()
    invitations.invite(account, "bob", Role.STAFF, by="ada", is_mailed=False, now=now - timedelta(days=32))
    invitations.invite(account, "eve", Role.STAFF, by="ada", is_mailed=False, now=now)
    invitations.forget_old(now)
    assert [invitation.who for invitation in Invitation.objects.all()] == ["eve"]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF, Role.VIEWER])
def test_only_owners_invite(signed_in: SignedIn, account: Account, role: Role) -> None:
    invite(signed_in(role), account, VICTIM)
    assert not Invitation.objects.exists()
