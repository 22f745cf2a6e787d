"""From the ad's click to the platform, clicked through in a browser, on the demo's own processes."""

import json
import os
import re
import urllib.request
from typing import Any

import pytest

from tests.browser import CHROMIUM
from tests.faults.stack import wait_for
from tests.operating.tree import Tree

pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.processes,
    pytest.mark.embedded,
    pytest.mark.browser,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="Chromium is not installed"),
]


def sandbox_of(demo: Tree) -> str:
    found = re.search(r"Sandbox +(http://[^/\s]+)", demo.output())
    assert found
    return found[1]


def received(demo: Tree, platform: str, click: str) -> list[dict[str, Any]]:
    """The events the platform took that carry this click id."""
    with urllib.request.urlopen(f"{sandbox_of(demo)}/_sandbox/events") as answer:
        events = json.load(answer)
    return [
        event["event"]
        for event in events
        if event["platform"] == platform and event["accepted"] and click in json.dumps(event["event"])
    ]


@pytest.mark.parametrize(
    ("platform", "name", "click", "path"),
    [
        ("meta", "fbclid", "IwAR0Way-aB_1", ("user_data", "fbc")),
        ("tiktok", "ttclid", "E.C.P.way", ("user", "ttclid")),
        ("snapchat", "ScCid", "way-5f0a", ("user_data", "sc_click_id")),
        ("google", "gclid", "Cj0KWay-1", ("adIdentifiers", "gclid")),
    ],
)
def test_a_join_after_an_ads_click_reaches_its_platform(demo, chromium, platform, name, click, path) -> None:
    page = chromium.new_context().new_page()
    with page.expect_response("**/update-fbp"):
        page.goto(f"http://127.0.0.1:{demo.port}/demo/?{name}={click}")
    fbp = page.evaluate("document.cookie.match(/_fbp=([^;]*)/)[1]")
    page.click(".join")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("done").wait_for()

    (event,) = wait_for(lambda: received(demo, platform, click))

    value = event[path[0]][path[1]]
    assert value == click or re.fullmatch(rf"fb\.1\.\d{{13}}\.{click}", value)
    if platform == "meta":
        assert event["user_data"]["fbp"] == fbp
        assert event["user_data"]["client_ip_address"] == "203.0.113.7"
        assert event["user_data"]["client_user_agent"] == page.evaluate("navigator.userAgent")
        assert event["event_source_url"] == f"http://127.0.0.1:{demo.port}/demo/?{name}={click}"
