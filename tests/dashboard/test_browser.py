"""The dashboard as people use it: headless Chromium against a running server."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from dispatch.models import Send
from dispatch.webhooks import endpoints, outbox
from leads.choices import Role
from leads.models import Account, Channel
from tests.browser import CHROMIUM
from tests.factories import (
    ApiKeyFactory,
    AttemptFactory,
    ConversionFactory,
    JoinFactory,
    LeadFactory,
    MembershipFactory,
    PixelFactory,
    SendFactory,
    UnattributableClickFactory,
    UserFactory,
)
from tracker.choices import Route, Tap

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("browser"),
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
]


@pytest.fixture
def complaints() -> list[str]:
    """What the page's console said: nothing, or a policy was broken."""
    return []


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def sign_in(page: Page, account: Account, role: Role) -> None:
    MembershipFactory(account=account, role=role, user=UserFactory(username="ada"))
    page.goto("/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("secret-word")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/**")


def test_signing_in_leads_to_the_figures_and_out_again(
    page: Page, account: Account, channel: Channel, complaints: list[str]
) -> None:
    ConversionFactory(channel=channel, purchase=True)
    sign_in(page, account, Role.OWNER)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("49.90 EUR")
    expect(page.get_by_role("region", name="Where they came from").get_by_role("link", name="CSV")).to_be_visible()
    page.locator(".person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert complaints == []


def test_two_values_are_submitted_without_a_mouse(page: Page, account: Account, channel: Channel) -> None:
    PixelFactory(site=channel.site)
    ConversionFactory.create_batch(2, channel=channel, awaiting_value=True, warm=True)
    sign_in(page, account, Role.STAFF)
    expect(page.get_by_label("Value", exact=True).first).to_be_focused()
    page.keyboard.type("49.90")
    page.keyboard.press("Tab")
    page.keyboard.type("EUR")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Submitted for Telegram user")).to_be_visible()
    expect(page.get_by_label("Value", exact=True)).to_be_focused()
    page.keyboard.type("20")
    page.keyboard.press("Enter")  # the currency is remembered
    expect(page.get_by_role("heading", name="Nothing awaits a value")).to_be_visible()
    assert Send.objects.count() == 2


def test_twenty_values_with_two_bad_rows_are_submitted_by_file(page: Page, account: Account, channel: Channel) -> None:
    waiting = ConversionFactory.create_batch(20, channel=channel, awaiting_value=True)
    rows = [f"{conversion.pk};{10 + number},50;EUR" for number, conversion in enumerate(waiting)]
    rows[3], rows[7] = rows[3].replace("EUR", "XXX"), "cnv_nobody;1;EUR"
    sign_in(page, account, Role.STAFF)
    page.get_by_role("link", name="Paste several").click()
    file = {"name": "values.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    page.get_by_label("or a CSV file").set_input_files([file])
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("18 ready, 2 with a problem"))
    expect(page.get_by_text("Write an ISO 4217 code")).to_be_visible()
    page.get_by_role("button", name="Submit 18 values").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("18 submitted, 2 with a problem"))


def test_a_person_is_found_and_a_failure_read_and_retried(
    page: Page, account: Account, channel: Channel, complaints: list[str]
) -> None:
    lead = LeadFactory(site=channel.site, telegram_user_id=4242)
    send = SendFactory(conversion=ConversionFactory(channel=channel, lead=lead, cold=True), failed=True)
    AttemptFactory(send=send, refused=True, message="no such pixel", response='{"error": 100}')
    sign_in(page, account, Role.MANAGER)
    page.get_by_role("link", name="Leads").click()
    page.get_by_role("searchbox").fill("4242")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="4242").click()
    page.get_by_role("link", name="Scheduled for Meta").click()
    expect(page.get_by_text("Refused by the platform")).to_be_visible()
    expect(page.get_by_text("no such pixel")).to_be_visible()
    page.get_by_role("button", name="Retry now").click()
    expect(page.get_by_text("1 on the way again.")).to_be_visible()
    expect(page.get_by_text("It is next in line.")).to_be_visible()
    assert complaints == []


def test_an_export_is_downloaded(page: Page, account: Account, channel: Channel) -> None:
    conversion = ConversionFactory(channel=channel)
    sign_in(page, account, Role.VIEWER)
    page.get_by_role("link", name="Conversions", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert conversion.pk in download.value.path().read_text()


def test_a_viewer_is_offered_nothing_to_change(page: Page, account: Account, channel: Channel) -> None:
    ConversionFactory(channel=channel, awaiting_value=True)
    SendFactory(conversion=ConversionFactory(channel=channel, cold=True), failed=True)
    sign_in(page, account, Role.VIEWER)
    expect(page.get_by_role("link", name="Keys")).to_have_count(0)
    page.get_by_role("link", name="Values").click()
    expect(page.get_by_label("Value", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Delivery").click()
    expect(page.get_by_role("button", name="Retry the chosen")).to_have_count(0)


def test_a_key_is_made_and_copied(page: Page, account: Account) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, account, Role.OWNER)
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("Name").fill("shop")
    page.get_by_role("button", name="Make a key").click()
    token = page.locator("#token").inner_text()
    page.get_by_role("button", name="Copy key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_text(token)).to_have_count(0)


PAGES = [
    "overview",
    "overview/sources",
    "values",
    "values/several",
    "conversions",
    "leads",
    "channels",
    "delivery",
    "delivery/quality",
    "set-up",
    "set-up/keys",
    "webhooks",
    "people",
    "alerts",
    "alerts/settings",
]


@pytest.fixture
def busy(page: Page, account: Account, channel: Channel) -> Send:
    """An owner is signed in to an account in which something happened on every page."""
    PixelFactory(site=channel.site, paused=True)
    PixelFactory(site=channel.site, snapchat=True, pixel_id="0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f")
    ApiKeyFactory(account=account)
    outbox.tell_a_test(endpoints.register(account=account, url="https://hooks.acme.example/"), now=timezone.now())
    for conversion in ConversionFactory.create_batch(3, channel=channel, warm=True, awaiting_value=True):
        send = SendFactory(conversion=conversion, failed=True, error_message="x" * 200)
        JoinFactory(channel=channel, lead=conversion.lead, route=Route.PUBLIC_CHANNEL, tap_before=Tap.FALLBACK)
        UnattributableClickFactory(channel=channel)
    AttemptFactory(send=send, refused=True)
    sign_in(page, account, Role.OWNER)
    return send


def addresses(send: Send) -> list[str]:
    conversion = send.conversion
    site, pixel = f"set-up/sites/{conversion.site_id}", send.pixel_id
    steps = ["", "/snippet", "/bot", "/channels", "/pixels", "/pixels/new/google", f"/pixels/{pixel}", "/key"]
    single = [f"conversions/{conversion.pk}", f"delivery/{send.pk}", f"leads/{conversion.lead_id}"]
    single += [
        f"channels/{conversion.channel_id}",
        f"channels/{conversion.channel_id}/settings",
        f"webhooks/{conversion.account.webhook_endpoints.get().pk}",
        "set-up/sites/new",
        *(site + step for step in steps),
    ]
    return [f"/accounts/{conversion.account_id}/{name}/" for name in (*PAGES, *single)] + [
        "/password/",
        "/you/",
        "/confirm/",
    ]


def test_no_page_is_wider_than_a_small_phone(page: Page, busy: Send, complaints: list[str]) -> None:
    for address in addresses(busy):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    assert complaints == []


#: What axe is to run: every rule once, and again in the dark those rules that look at colours.
RULES = {"light": "", "dark": "{runOnly: ['color-contrast', 'link-in-text-block']}"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, busy: Send, scheme: Literal["light", "dark"]) -> None:
    package = pytest.importorskip("axe_playwright_python")
    axe = (Path(package.__file__).parent / "axe.min.js").read_text()
    page.emulate_media(color_scheme=scheme)
    for address in [*addresses(busy), "/no-such-page"]:
        page.goto(address)
        page.evaluate(axe)
        found = page.evaluate(f"axe.run({RULES[scheme]})")["violations"]
        serious = [
            (rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")
        ]
        assert serious == [], address
