from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adtarget.dashboard.policy import POLICY
from leads.models import Account, ApiKey
from tests.factories import AccountFactory, MembershipFactory, UserFactory


def sign_in(client: Client, *, name: str = "ada", password: str = "secret-word"):
    return client.post("/sign-in/", {"username": name, "password": password})


def test_a_name_and_its_password_sign_in(account: Account, client: Client) -> None:
    MembershipFactory(account=account, user=UserFactory(username="ada"))
    assert sign_in(client).headers["Location"] == "/"
    assert client.get("/").headers["Location"] == f"/accounts/{account.pk}/"


def test_a_wrong_password_is_told_beside_the_form(account: Account, client: Client) -> None:
    UserFactory(username="ada")
    assert "do not belong together" in sign_in(client, password="wrong").text
    assert "_auth_user_id" not in client.session


@pytest.mark.promise("S15")
def test_guessing_is_slowed_down_even_for_the_right_password(db: None, client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(5):
        sign_in(client, password="wrong")
    assert "Too many attempts" in sign_in(client).text
    assert "_auth_user_id" not in client.session


def test_one_persons_guesses_do_not_lock_another_out(db: None, client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(6):
        sign_in(client, name="eve", password="wrong")
    assert sign_in(client).status_code == 302


def test_the_password_is_changed_with_the_old_one(account: Account, client: Client) -> None:
    user = MembershipFactory(account=account, user=UserFactory(username="ada")).user
    client.force_login(user)
    new = "quite-another-word-7"
    client.post("/password/", {"old_password": "wrong", "new_password1": new, "new_password2": new})
    user.refresh_from_db()
    assert user.check_password("secret-word")
    client.post("/password/", {"old_password": "secret-word", "new_password1": new, "new_password2": new})
    user.refresh_from_db()
    assert user.check_password(new)


def test_who_belongs_to_no_account_is_told_so(db: None, client: Client) -> None:
    client.force_login(UserFactory())
    assert "No account yet" in client.get("/").text


def test_the_account_last_looked_at_comes_first(account: Account, client: Client) -> None:
    user = MembershipFactory(account=account).user
    other = MembershipFactory(user=user, account=AccountFactory(name="Zebra")).account
    client.force_login(user)
    client.get(f"/accounts/{other.pk}/values/")
    assert client.get("/").headers["Location"] == f"/accounts/{other.pk}/"


@pytest.mark.promise("S15")
def test_nothing_inline_may_run_on_any_page(client: Client, db: None) -> None:
    for path in ("/sign-in/", "/no-such-page"):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert " onclick=" not in answer.text


def test_a_forged_next_address_leads_nowhere_else(account: Account, client: Client) -> None:
    MembershipFactory(account=account, user=UserFactory(username="ada"))
    answer = client.post("/sign-in/", {"username": "ada", "password": "secret-word", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


# ------------------------------------------------------------------ the session
def test_a_right_password_does_not_use_up_tries(db: None, client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(8):
        assert sign_in(Client()).status_code == 302


def test_a_new_password_signs_out_the_other_sessions(account: Account, client: Client) -> None:
    user = MembershipFactory(account=account, user=UserFactory(username="ada")).user
    client.force_login(user)
    (elsewhere := Client()).force_login(user)
    new = "quite-another-word-7"
    client.post("/password/", {"old_password": "secret-word", "new_password1": new, "new_password2": new})
    assert client.get("/you/").status_code == 200
    assert elsewhere.get("/you/").status_code == 302


def test_guessing_the_old_password_is_slowed_down(db: None, client: Client) -> None:
    client.force_login(user := UserFactory(username="ada"))
    new = "quite-another-word-7"
    for old in ["wrong"] * 5 + ["secret-word"]:
        page = client.post("/password/", {"old_password": old, "new_password1": new, "new_password2": new}).text
    assert "Too many attempts" in page
    user.refresh_from_db()
    assert user.check_password("secret-word")


@pytest.mark.promise("S15")
def test_the_cookies_are_out_of_scripts_and_strangers_reach(client: Client, settings, db: None) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    UserFactory(username="ada")
    client.get("/sign-in/")
    cookies = sign_in(client).cookies
    assert cookies["sessionid"]["httponly"]
    for cookie in (cookies["sessionid"], client.cookies["csrftoken"]):
        assert (cookie["samesite"], cookie["secure"]) == ("Lax", True)


def test_a_session_gets_another_name_at_sign_in(client: Client, db: None) -> None:
    UserFactory(username="ada")
    session = client.session
    session["something"] = 1
    session.save()
    sign_in(client)
    assert client.session.session_key != session.session_key


@pytest.mark.promise("S15")
@pytest.mark.parametrize("page", ["/accounts/{account}/set-up/keys/", "/admin/leads/apikey/add/"])
def test_the_password_is_asked_again_before_keys(client: Client, account: Account, page: str) -> None:
    page = page.format(account=account.pk)
    UserFactory(username="ada", ops=True)
    sign_in(client)
    form = {"name": "shop", "mode": "live", "account": account.pk}
    with time_machine.travel(timezone.now() + timedelta(hours=6)):
        client.get("/you/")  # in use, else the session itself has ended
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        asked = client.post(page, form)
        assert asked.headers["Location"] == f"/confirm/?next={quote(page, safe='')}"
        assert not ApiKey.objects.exists()
        assert "not your password" in client.post("/confirm/", {"password": "wrong", "next": page}).text
        assert client.get(page).status_code == 302
        assert client.post("/confirm/", {"password": "secret-word", "next": page}).headers["Location"] == page
        client.post(page, form)
    assert ApiKey.objects.count() == 1


def test_confirming_leads_to_no_other_site(client: Client, db: None) -> None:
    client.force_login(UserFactory(username="ada"))
    answer = client.post("/confirm/", {"password": "secret-word", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
