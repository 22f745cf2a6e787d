"""Large amounts through the running product: each place shows every digit that was sent."""

import csv
import io
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from adtarget.sandbox.judging import Judge
from adtarget.sandbox.request import Request
from tests.faults.dashboard import Dashboard
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("money")]

#: The last one is no float: one of 64 bits reads as .9987.
AMOUNTS = ["999999999999.9999", "123456789012.3456", "999999999999.9986"]
#: Unidad de Fomento has four places (ISO 4217), so that no platform's payload is rounded to the currency's own.
CURRENCY = "CLF"


@pytest.fixture(scope="module")
def money(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Money"]:
    redis_url = os.environ.get("TEST_REDIS_URL", "")
    with Stack(tmp_path_factory.mktemp("money"), redis_url=redis_url, WEBHOOKS_ALLOW_PRIVATE="true") as stack:
        yield Money(stack)


class Money:
    """All amounts were sent as JSON numbers and delivered; `bodies` are the requests as platforms got them."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.bodies = stack, list[tuple[str, bytes]]()
        self._keep_bodies()
        stack.provision("meta", "snapchat", "google")
        stack.start("web", "worker", "beat")
        self.dashboard = Dashboard(stack)
        stack.post("/api/v1/webhooks", {"url": f"{stack.sandbox.url}/webhooks/ours"})
        self.kept = {amount: self._send(number, amount) for number, amount in enumerate(AMOUNTS, 1)}
        for one in self.kept.values():
            wait_for(lambda one=one: stack.is_sent(one["conversionId"]), seconds=30)

    def _send(self, person: int, amount: str) -> dict[str, Any]:
        priced = {"value": Decimal(amount), "currency": CURRENCY}
        return self.stack.convert(person, eventType="Purchase", gclid="Cj0KCQ", **priced)

    def _keep_bodies(self) -> None:
        sandbox = self.stack.sandbox
        receive = sandbox.receive

        def kept(judge: Judge, request: Request) -> Any:
            self.bodies.append((judge.slug, request.body))
            return receive(judge, request)

        sandbox.receive = kept  # type: ignore[method-assign]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_the_api_tells_every_digit(money: Money, amount: str) -> None:
    text = money.stack.get(f"/api/v1/conversions/{money.kept[amount]['conversionId']}").text
    assert re.findall(r'"eventValue":([^,}]+)', text) == [amount]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_repeated_event_is_the_same(money: Money, amount: str) -> None:
    again = money._send(AMOUNTS.index(amount) + 1, amount)
    assert again["conversionId"] == money.kept[amount]["conversionId"]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_the_csv_holds_every_digit(money: Money, amount: str) -> None:
    text = money.dashboard.get("conversions/?format=csv").content.decode("utf-8-sig")
    rows = {row["Conversion id"]: row["Value"] for row in csv.DictReader(io.StringIO(text))}
    assert rows[money.kept[amount]["conversionId"]] == amount


@pytest.mark.parametrize("amount", AMOUNTS)
def test_the_dashboard_shows_every_digit(money: Money, amount: str) -> None:
    shown = f"{Decimal(amount):,} {CURRENCY}"
    assert shown in money.dashboard.get("conversions/").text
    assert shown in money.dashboard.get(f"conversions/{money.kept[amount]['conversionId']}/").text


def test_the_dashboard_sums_exactly(money: Money) -> None:
    assert f"{sum(map(Decimal, AMOUNTS)):,} {CURRENCY}" in money.dashboard.get("").text


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("platform", ["meta", "snapchat", "google"])
def test_each_platform_gets_every_digit(money: Money, platform: str, amount: str) -> None:
    field = "conversionValue" if platform == "google" else "value"
    sent = [body.decode() for to, body in money.bodies if to == platform]
    assert any(re.search(rf'"{field}":\s*{re.escape(amount)}[,}}]', body) for body in sent), sent


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_webhook_tells_every_digit(money: Money, amount: str) -> None:
    sent = [body.decode() for to, body in money.bodies if to == "webhook"]
    assert sum(f'"value":{amount},' in body for body in sent) == 3, sent
