"""The page a newcomer looks at."""

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import HASH, Client, changed, meta_event


def page(client: Client, path: str = "/") -> str:
    answer = client.session.get(f"{client.url}{path}", timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_what_was_received(client: Client) -> None:
    client.meta()
    html = page(client)
    for shown in ("cnv_1", "Purchase", "49.9", "USD", "fb.1.1791990000123.IwAR0aBc-_", HASH, "2001:db8::1", "Firefox"):
        assert shown in html
    assert str(meta_event()["event_time"])[:8] in html
    assert "✓ accepted" in html


def test_a_broken_rule_is_shown_as_one(client: Client) -> None:
    client.meta(changed(meta_event(), "user_data.fbc", "x"))
    html = page(client)
    assert "✗ refused" in html
    assert '<li class="bad">✗ <code>fbc</code>' in html


def test_what_came_is_never_taken_for_markup(client: Client) -> None:
    client.meta({**meta_event(), "event_name": "<script>alert(1)</script>"})
    assert "<script" not in page(client)


def test_one_platform_can_be_looked_at(client: Client) -> None:
    client.meta(meta_event("from_meta"))
    client.tiktok()
    html = page(client, "/?platform=tiktok")
    assert "from_meta" not in html
    assert '<a href="/?platform=tiktok" aria-current="page">' in html


def test_telegrams_calls_do_not_hide_conversions(client: Client) -> None:
    client.post("/bot42:AAgood/getMe", {})
    assert "getMe" not in page(client)
    assert "getMe" in page(client, "/?platform=telegram")


def test_nothing_but_our_own_style_may_be_loaded(client: Client) -> None:
    answer = client.session.get(client.url, timeout=5)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in answer.text.replace(client.url, "")
    assert client.session.get(f"{client.url}/sandbox.css", timeout=5).headers["Content-Type"].startswith("text/css")


def test_a_fault_can_be_added_and_taken_away_from_the_page(client: Client, sandbox: Sandbox) -> None:
    form = {"kind": "status", "platform": "meta", "times": "2", "params": '{"status": 503}', "back": "/?platform=meta"}
    answer = client.session.post(f"{client.url}/_sandbox/faults", data=form, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?platform=meta")
    assert client.meta().status_code == 503
    assert "1 times more" in page(client)
    client.session.post(f"{client.url}/_sandbox/behave", data={"back": "/"}, timeout=5)
    assert sandbox.faults.listed() == []


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
def test_a_form_leads_nowhere_else(client: Client, back: str) -> None:
    answer = client.session.post(f"{client.url}/_sandbox/forget", data={"back": back}, timeout=5, allow_redirects=False)
    assert answer.headers["Location"] == "/"
