"""Each page is for its account's people only."""

import pytest
from django.test import Client

from leads.models import Account
from tests.factories import UserFactory

PAGES = [
    "overview/sources/",
    "",
    "overview/",
    "values/",
    "conversions/",
    "leads/",
    "channels/",
    "delivery/",
    "delivery/quality/",
    "set-up/",
    "set-up/keys/",
    "set-up/sites/new/",
    "webhooks/",
    "people/",
    "alerts/",
    "alerts/settings/",
    "imports/",
]


@pytest.mark.promise("S1")
@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_finds_nothing(viewer: Client, stranger: Account, page: str) -> None:
    assert viewer.get(f"/accounts/{stranger.pk}/{page}").status_code == 404
    assert viewer.get(f"/accounts/acc_nobody/{page}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_let_in_without_signing_in(client: Client, home: str, page: str) -> None:
    assert client.get(home + page).headers["Location"].startswith("/sign-in/?next=/accounts/")


@pytest.mark.parametrize("page", PAGES)
def test_a_superuser_sees_every_account(client: Client, home: str, page: str) -> None:
    client.force_login(UserFactory(ops=True))
    assert client.get(home + page, follow=True).status_code == 200


def test_pages_are_not_kept_by_the_browser(viewer: Client, home: str) -> None:
    assert "no-store" in viewer.get(home + "values/").headers["Cache-Control"]


def test_the_switcher_names_only_ones_own_accounts(viewer: Client, home: str, stranger: Account) -> None:
    page = viewer.get(home + "values/").text
    assert "Acme" in page
    assert "Stranger" not in page


@pytest.mark.parametrize("path", ["leads/?q=%00", "delivery/?status=%00", "conversions/%00/", "set-up/sites/%00/"])
def test_a_nul_leads_nowhere(viewer: Client, home: str, path: str) -> None:
    assert viewer.get(home + path).status_code == 404
