"""From an empty installation to the first sent event, by clicking: real processes, a real browser, the sandbox."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.browser import CHROMIUM
from tests.faults.stack import Stack, wait_for

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

pytestmark = [
    pytest.mark.processes,
    pytest.mark.browser,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]

CHAT = -1009876543210
PASSWORD = "a-long-secret-word"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, DJANGO_SUPERUSER_PASSWORD=PASSWORD) as running:
        running.manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@acme.example")
        running.start("web", "worker", "beat")
        yield running


@pytest.fixture
def page(stack: Stack, chromium: Browser) -> Page:
    page = chromium.new_context(base_url=f"http://127.0.0.1:{stack.port}").new_page()
    page.set_default_timeout(15_000)
    return page


def visit_the_landing_page(stack: Stack, page: Page) -> None:
    """The customer's page with the snippet in it, in another tab."""
    snippet = page.locator("#snippet").inner_text()
    landing = page.context.new_page()
    landing.route(
        f"http://shop.example:{stack.port}/vip*",
        lambda route: route.fulfill(content_type="text/html", body=f"<head>{snippet}</head><body>Hello</body>"),
    )
    with landing.expect_response("**/backend/track/init"):
        landing.goto(f"http://shop.example:{stack.port}/vip?fbclid=IwAR0Way")
    landing.close()


def make_the_bot_administrator(stack: Stack) -> None:
    bot = stack.sandbox.telegram.state.bots["1:AA-bot-token"].username
    for action, told in [
        ("chat", {"chat_id": CHAT, "title": "VIP room", "type": "channel"}),
        ("rights", {"chat_id": CHAT, "bot": bot}),
    ]:
        requests.post(f"{stack.sandbox.url}/_sandbox/telegram/{action}", json=told, timeout=5).raise_for_status()


def test_from_nothing_to_the_first_sent_event(stack: Stack, page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())

    page.goto("/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Make the first account").click()
    page.get_by_label("Name").fill("Acme")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Begin with the site").click()
    page.get_by_label("Domain", exact=True).fill("shop.example")
    page.get_by_role("button", name="Go on").click()

    visit_the_landing_page(stack, page)
    page.bring_to_front()
    expect(page.get_by_text("We have seen your page.")).to_be_visible()

    page.get_by_role("link", name="Next step").click()
    page.get_by_label("Bot token").fill("1:AA-bot-token")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Its updates come to")).to_be_visible()

    page.get_by_role("link", name="Next step").click()
    expect(page.get_by_text("No new channel was found yet.")).to_be_visible()
    make_the_bot_administrator(stack)
    page.get_by_role("button", name="Add VIP room").click()
    expect(page.get_by_text("VIP room was added.")).to_be_visible()

    page.get_by_role("link", name="Next step").click()
    page.get_by_role("link", name="Meta", exact=True).click()
    page.get_by_label("Pixel id").fill("1234567890")
    page.get_by_label("Conversions API token").fill("EAA-good-token")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=re.compile("Send a test event")).click()
    expect(page.get_by_text("Meta 1234567890 accepted the event.")).to_be_visible()

    page.get_by_role("link", name="Next step").click()
    page.get_by_role("button", name="Make a key").click()
    token = page.locator("#token").inner_text()
    curl = page.locator("#code-curl").inner_text()
    assert token in curl
    assert "No event yet" in page.content()
    assert subprocess.run(["sh", "-c", f"{curl.strip()} -sf"], timeout=15, check=False).returncode == 0
    expect(page.get_by_text("Purchase", exact=True)).to_be_visible()
    expect(page.locator(".chip.sent")).to_have_text(re.compile("Meta sent"), timeout=20_000)

    page.get_by_role("link", name="All sites").click()
    expect(page.get_by_text("Complete")).to_be_visible()
    assert complaints == []
    (event,) = wait_for(lambda: [one for one in stack.sandbox.events() if one["event"].get("custom_data")])
    assert event["event"]["custom_data"]["value"] == 49.9
