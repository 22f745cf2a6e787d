"""The MCP server as an assistant uses it: a process that is asked over its standard input."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from dispatch import reasons
from dispatch.choices import Reason, SendStatus
from leads.models import Account, ApiKey, Channel, Site
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytest.importorskip("mcp")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("mcp"),
    pytest.mark.django_db(transaction=True),
]
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "clients" / "mcp" / "src"
KEY = "atk_live_mcptests_" + "s" * 32
ORDER = "4711"


class Assistant:
    """Asks a server line by line, as the protocol's stdio transport says (revision 2025-06-18)."""

    def __init__(self, url: str, *options: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "ADTARGET_URL": url, "ADTARGET_KEY": KEY}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "adtarget_mcp", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self._number = 0
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
        self.ask("initialize", hello)
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        self._say({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        while line := self._process.stdout.readline():  # type: ignore[union-attr]
            if (answer := json.loads(line)).get("id") == self._number:
                return answer["result"]
        raise AssertionError("The server ended.")

    def call(self, tool: str, **arguments: Any) -> Any:
        return json.loads(self.ask("tools/call", {"name": tool, "arguments": arguments})["content"][0]["text"])

    def tools(self) -> dict[str, Any]:
        return {tool["name"]: tool for tool in self.ask("tools/list", {})["tools"]}

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(10)
        self._process.stdout.close()  # type: ignore[union-attr]

    def _say(self, message: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def _shared(live_server: LiveServer) -> Iterator[Assistant]:
    running = Assistant(live_server.url)
    yield running
    running.close()


@pytest.fixture
def assistant(_shared: Assistant, account: Account) -> Assistant:
    digest = hashlib.sha256(("s" * 32).encode()).hexdigest()
    ApiKey.objects.create(account=account, name="assistant", prefix="mcptests", secret_sha256=digest)
    return _shared


@pytest.fixture
def tiktok(site: Site) -> Any:
    return PixelFactory(site=site, tiktok=True, pixel_id="C0TIKTOK")


@pytest.fixture
def order(channel: Channel) -> Any:
    return ConversionFactory(channel=channel, purchase=True, order_id=ORDER, telegram_user_id=7)


@pytest.fixture
def why(assistant: Assistant) -> Callable[[], str]:
    return lambda: assistant.call("why_not_at_platform", platform="TikTok", order_id=ORDER)["answer"]


def test_an_unknown_order_was_never_sent_here(why) -> None:
    assert f"no event with order id {ORDER}" in why()


def test_a_site_without_the_platform_says_so(why, order, meta_pixel) -> None:
    assert "has no tiktok pixel" in why()


def test_a_switched_off_pixel_says_so(why, order, tiktok) -> None:
    type(tiktok).objects.update(is_active=False)
    assert "switched off" in why()


def test_an_event_without_signals_says_what_is_missing(why, order, tiktok) -> None:
    assert "ttclid" in why()


def test_a_skipped_send_says_the_reason(why, order, tiktok) -> None:
    SendFactory(conversion=order, pixel=tiktok, status=SendStatus.SKIPPED, reason=Reason.CONSENT_DENIED, due_at=None)
    assert "The person did not consent" in why()


def test_a_failed_send_says_the_platforms_answer(why, order, tiktok) -> None:
    SendFactory(
        conversion=order,
        pixel=tiktok,
        status=SendStatus.FAILED,
        reason=Reason.REJECTED,
        due_at=None,
        error_code="40002",
        error_message="Invalid event",
    )
    assert "40002: Invalid event" in why()


def test_a_paused_pixel_is_why_it_waits(why, order, tiktok) -> None:
    type(tiktok).objects.update(paused_at=timezone.now(), pause_code="40105", pause_message="The token was refused.")
    SendFactory(conversion=order, pixel=tiktok)
    assert "paused" in why()
    assert "The token was refused. (40105)" in why()


def test_an_order_that_is_there_says_since_when(why, order, tiktok) -> None:
    SendFactory(conversion=order, pixel=tiktok, status=SendStatus.SENT, due_at=None, sent_at=timezone.now())
    assert f"since {timezone.now():%Y-%m-%d}" in why()


def test_an_awaited_value_is_why_nothing_was_sent(why, channel, tiktok) -> None:
    ConversionFactory(channel=channel, awaiting_value=True, order_id=ORDER)
    assert "awaits its value" in why()


def test_another_accounts_order_is_unknown(why, stranger_channel, account) -> None:
    ConversionFactory(channel=stranger_channel, order_id=ORDER)
    assert f"no event with order id {ORDER}" in why()


def test_failing_sends_are_found(assistant, order, tiktok) -> None:
    send = SendFactory(conversion=order, pixel=tiktok, status=SendStatus.FAILED, reason=Reason.REJECTED, due_at=None)
    found = assistant.call("find_sends", status="failed", platform="tiktok")
    assert [row["sendId"] for row in found["sends"]] == [send.pk]


def test_conversions_are_found_by_order(assistant, order) -> None:
    found = assistant.call("find_conversions", order_id=ORDER)
    assert [row["conversionId"] for row in found["conversions"]] == [order.pk]


def test_an_event_is_tried_out(assistant, site, channel, tiktok) -> None:
    event = {"telegramUserId": 9, "siteId": site.pk, "channelId": channel.pk, "eventType": "Lead"}
    assert assistant.call("validate_event", event=event)["platforms"][0]["platform"] == "tiktok"


def test_a_refusal_is_an_answer(assistant) -> None:
    assert assistant.call("get_conversion", conversion_id="../me")["error"]["code"] == "CONVERSION_NOT_FOUND"


def test_nothing_can_be_changed_by_default(assistant) -> None:
    tools = assistant.tools()
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools.values())
    assert not {"record_event", "retry_send"} & set(tools)


@pytest.mark.django_db(transaction=False)
def test_reason_words_are_those_of_the_product() -> None:
    kept = json.loads((SOURCE / "adtarget_mcp" / "reasons.json").read_text())
    assert kept == {code: _words(code) for code in reasons.codes()}, "Run manage.py write_api_files."


def _words(code: str) -> str:
    words = reasons.words_of(code)
    return f"{words.meaning} {words.advice}"
