from django.test import Client

from adtarget.dashboard.policy import POLICY
from leads.models import Account
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


def test_guessing_is_slowed_down_even_for_the_right_password(db: None, client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(6):
        sign_in(client, password="wrong")
    assert "Too many attempts" in sign_in(client).text
    assert "_auth_user_id" not in client.session


def test_one_persons_guesses_do_not_lock_another_out(db: None, client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(7):
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
