"""The second step at sign-in, from turning it on to a lost phone."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from leads import second_step
from leads.models import Account, AuditEntry, AuthenticatorApp
from tests.dashboard.conftest import sign_in_recently
from tests.factories import MembershipFactory, UserFactory

PASSWORD = "secret-word"


def code_of(user: User, *, steps: int = 0) -> str:
    """What the person's app shows now, or some half minutes later."""
    device = AuthenticatorApp.objects.get(user=user)
    return f"{totp(device.seed(), drift=steps):06d}"


@pytest.fixture
def ada(account: Account) -> User:
    return MembershipFactory(account=account, role="owner", user=UserFactory(username="ada")).user


@pytest.fixture
def recovery_codes(ada: User) -> list[str]:
    """Ada's second step is on; her app's next code is unused."""
    device = second_step.begin(ada)
    codes = second_step.confirm(device, f"{totp(device.seed(), drift=-1):06d}")
    assert len(codes) == 10
    return codes


def give_password(client: Client, **more: str) -> Any:
    return client.post("/sign-in/", {"username": "ada", "password": PASSWORD, **more})


def give_code(client: Client, code: str) -> Any:
    return client.post("/sign-in/code/", {"code": code})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_is_turned_on_with_a_first_code_and_told_of(client: Client, ada: User) -> None:
    sign_in_recently(client, ada)
    client.post("/you/second-step/")
    page = client.get("/you/second-step/").text
    device = AuthenticatorApp.objects.get(user=ada)
    assert second_step.seed_text(device) in page
    assert 'src="data:image/svg+xml' in page
    assert not second_step.is_on(ada)
    page = client.post("/you/second-step/", {"code": code_of(ada)}).text
    assert second_step.is_on(ada)
    assert len(re.findall(r"^(?:.*>)?[a-z2-9]{5}-[a-z2-9]{5}$", page, re.MULTILINE)) == 10
    assert AuditEntry.objects.get().action == "turn_on_second_step"


def test_a_wrong_first_code_turns_nothing_on(client: Client, ada: User) -> None:
    sign_in_recently(client, ada)
    client.post("/you/second-step/")
    wrong = f"{(int(code_of(ada)) + 1) % 1_000_000:06d}"
    assert "This code is not right" in client.post("/you/second-step/", {"code": wrong}).text
    assert not second_step.is_on(ada)


def test_the_secret_is_not_shown_again(client: Client, ada: User, recovery_codes: list[str]) -> None:
    sign_in_recently(client, ada)
    assert client.get("/you/second-step/").headers["Location"] == "/you/"
    page = client.get("/you/").text
    assert recovery_codes[0] not in page
    assert "10 recovery codes left" in page


def test_turning_it_on_signs_out_everywhere_else(client: Client, ada: User) -> None:
    sign_in_recently(elsewhere := Client(), ada)
    sign_in_recently(anothers := Client(), UserFactory())
    sign_in_recently(client, ada)
    client.post("/you/second-step/")
    client.post("/you/second-step/", {"code": code_of(ada)})
    assert client.get("/you/").status_code == 200
    assert elsewhere.get("/you/").status_code == 302
    assert anothers.get("/you/").status_code == 200


def test_the_password_alone_signs_nobody_in(client: Client, recovery_codes: list[str]) -> None:
    assert give_password(client).headers["Location"] == "/sign-in/code/"
    assert not is_signed_in(client)
    assert client.get("/").headers["Location"].startswith("/sign-in/")
    assert client.get("/sign-in/code/").status_code == 200


def test_password_and_code_lead_to_the_wanted_page(client: Client, ada: User, recovery_codes: list[str]) -> None:
    give_password(client, next="/password/")
    assert give_code(client, f" {code_of(ada)[:3]} {code_of(ada)[3:]}").headers["Location"] == "/password/"
    assert is_signed_in(client)


@pytest.mark.promise("S15")
def test_a_code_works_once(client: Client, ada: User, recovery_codes: list[str]) -> None:
    code = code_of(ada)
    give_password(client)
    give_code(client, code)
    give_password(other := Client())
    assert "used already" in give_code(other, code).text
    assert not is_signed_in(other)


def test_a_recovery_code_works_once(client: Client, ada: User, recovery_codes: list[str]) -> None:
    give_password(client)
    give_code(client, recovery_codes[3].upper())
    assert is_signed_in(client)
    give_password(other := Client())
    give_code(other, recovery_codes[3])
    assert not is_signed_in(other)
    assert second_step.recovery_codes_left(ada) == 9


@pytest.mark.parametrize("code", ["", "000000", "abcde-fghjk", "١٢٣٤٥٦", "\x00", "9" * 20, "-", "1e5"])
def test_no_other_code_signs_in(client: Client, recovery_codes: list[str], code: str) -> None:
    give_password(client)
    assert give_code(client, code).status_code == 200
    assert not is_signed_in(client)


def test_guessing_codes_is_slowed_down_even_for_the_right_one(
    client: Client, ada: User, recovery_codes: list[str]
) -> None:
    give_password(client)
    for _ in range(5):
        give_code(client, "000000")
    assert "Too many attempts" in give_code(client, code_of(ada)).text
    assert not is_signed_in(client)


def test_guessing_from_many_addresses_is_slowed_down_too(ada: User, recovery_codes: list[str]) -> None:
    for number in range(3):
        give_password(client := Client(REMOTE_ADDR=f"198.51.100.{number}"))
        give_code(client, "000000")
    give_password(client := Client(REMOTE_ADDR="203.0.113.1"))
    give_code(client, code_of(ada))
    assert not is_signed_in(client)


def test_a_code_is_not_asked_of_who_gave_no_password(client: Client, ada: User, recovery_codes: list[str]) -> None:
    assert give_code(client, code_of(ada)).headers["Location"] == "/sign-in/"
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", ["too late", "another password", "switched off"])
def test_a_password_given_before_is_not_enough(
    client: Client, ada: User, recovery_codes: list[str], change: str
) -> None:
    give_password(client)
    if change == "another password":
        ada.set_password("another-word")
    ada.is_active = change != "switched off"
    ada.save()
    minutes = 11 if change == "too late" else 0
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        assert give_code(client, code_of(ada)).headers["Location"] == "/sign-in/"
    assert not is_signed_in(client)


def test_the_admin_has_no_other_door(client: Client, ada: User, recovery_codes: list[str]) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    form = {"username": "ada", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", form).headers["Location"].startswith("/sign-in/")
    assert not is_signed_in(client)
    asked = client.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2F"
    client.post("/sign-in/", form)
    assert client.get("/admin/").status_code == 302
    assert give_code(client, code_of(ada)).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_who_may_not_see_the_admin_is_told_so(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403


def test_it_is_turned_off_with_password_and_code(client: Client, ada: User, recovery_codes: list[str]) -> None:
    sign_in_recently(client, ada)
    client.post("/you/second-step/off/", {"password": PASSWORD, "code": "000000"})
    client.post("/you/second-step/off/", {"password": "wrong", "code": recovery_codes[0]})
    client.post("/you/second-step/off/", {"password": PASSWORD})
    assert second_step.is_on(ada)
    assert second_step.recovery_codes_left(ada) == 10
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        client.post("/you/second-step/off/", {"password": PASSWORD, "code": code_of(ada)})
    assert not second_step.is_on(ada)
    assert second_step.recovery_codes_left(ada) == 0
    assert AuditEntry.objects.get().action == "turn_off_second_step"


def test_new_recovery_codes_void_the_old(client: Client, ada: User, recovery_codes: list[str]) -> None:
    sign_in_recently(client, ada)
    assert client.post("/you/recovery-codes/").status_code == 200
    assert not second_step.check(ada, recovery_codes[0])
    assert AuditEntry.objects.get().action == "make_recovery_codes"


def test_an_account_can_ask_it_of_its_people(client: Client, ada: User, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(requires_second_step=True)
    other = MembershipFactory(user=ada).account
    sign_in_recently(client, ada)
    asked = client.get(f"/accounts/{account.pk}/overview/", follow=True)
    assert asked.redirect_chain == [("/you/", 302)]
    assert "Acme asks for a second step" in asked.text
    assert client.get(f"/accounts/{other.pk}/overview/").status_code == 200
    second_step.confirm(device := second_step.begin(ada), f"{totp(device.seed()):06d}")
    assert client.get(f"/accounts/{account.pk}/overview/").status_code == 200


# ------------------------------------------------------------------ a lost phone
def test_a_command_turns_it_off_for_who_lost_the_phone(client: Client, ada: User, recovery_codes: list[str]) -> None:
    sign_in_recently(client, ada)
    call_command("turn_off_second_step", "ada")
    assert not second_step.is_on(ada)
    assert client.get("/you/").status_code == 302
    assert AuditEntry.objects.get().target == "ada"
    for name in ("ada", "nobody"):
        with pytest.raises(CommandError):
            call_command("turn_off_second_step", name)


@pytest.mark.parametrize("is_superuser", [True, False])
def test_a_superuser_turns_it_off_in_the_admin(
    client: Client, ada: User, recovery_codes: list[str], is_superuser: bool
) -> None:
    from django.contrib.auth.models import Permission

    ops = UserFactory(is_staff=True, is_superuser=is_superuser)
    ops.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    sign_in_recently(client, ops)
    form = {"action": "turn_off_second_step", "_selected_action": ada.pk}
    asked = client.post("/admin/auth/user/", form)
    assert second_step.is_on(ada)
    assert ("Make sure it is they who ask" in asked.text) == is_superuser
    client.post("/admin/auth/user/", {**form, "confirmed": "yes"})
    assert second_step.is_on(ada) != is_superuser


def test_the_admin_shows_nobodys_secret(client: Client, ada: User, recovery_codes: list[str]) -> None:
    sign_in_recently(client, UserFactory(ops=True))
    device = AuthenticatorApp.objects.get(user=ada)
    for path in (f"otp_totp/totpdevice/{device.pk}/change/", "otp_totp/totpdevice/", "otp_static/staticdevice/"):
        assert client.get(f"/admin/{path}").status_code == 404
