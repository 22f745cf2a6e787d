"""The client against its own stand-in: what is sent, what comes back, when it tries again."""

import asyncio
from datetime import datetime, timezone
from decimal import Decimal

import httpx
import pytest
from adtarget_client import (
    AdTarget,
    AsyncAdTarget,
    AuthenticationFailed,
    Event,
    InvalidRequest,
    Pii,
    RateLimited,
    ServerFailed,
    Unreachable,
)
from adtarget_client.retrying import Retries
from adtarget_client.testing import FakeAdTarget

KEY = "atk_test_abcdefgh_secret"
NO_WAIT = Retries(first_wait=0, longest_wait=0)
LEAD = Event(event_type="Lead", telegram_user_id=1)


@pytest.fixture
def fake() -> FakeAdTarget:
    return FakeAdTarget()


@pytest.fixture
def client(fake: FakeAdTarget) -> AdTarget:
    return AdTarget("https://ads.example/", KEY, transport=fake.transport(), retries=NO_WAIT)


def refusal(code: str, **more: object) -> dict[str, object]:
    return {"error": {"code": code, "message": "No.", **more}}


def test_an_event_goes_out_in_the_words_of_the_api(client: AdTarget, fake: FakeAdTarget) -> None:
    moment = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
    client.record(
        Event(
            event_type="Purchase",
            telegram_user_id=7,
            value=Decimal("49.90"),
            currency="EUR",
            event_time=moment,
            sc_cookie1="c",
            pii=Pii(email="ada@example.com", first_name="Ada"),
        )
    )
    assert fake.requests[0].body == {
        "eventType": "Purchase",
        "telegramUserId": 7,
        "value": Decimal("49.90"),
        "currency": "EUR",
        "eventTime": 1793534400000,
        "scCookie1": "c",
        "pii": {"email": "ada@example.com", "firstName": "Ada"},
    }


def test_a_decimal_keeps_all_its_digits() -> None:
    bodies = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(200, json={})

    client = AdTarget("https://ads.example", KEY, transport=httpx.MockTransport(answer))
    client.record(Event(event_type="Purchase", telegram_user_id=1, value="999999999999.9999", currency="EUR"))
    assert b'"value": 999999999999.9999' in bodies[0]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Event(event_type="Lead", event_time=datetime(2026, 1, 1)).to_json()  # noqa: DTZ001


def test_the_answer_is_typed(client: AdTarget) -> None:
    assert client.record(LEAD).sends[0].platform == "meta"


def test_an_exact_amount_comes_back_exactly(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(200, {"conversionId": "cnv_1", "eventValue": Decimal("999999999999.9999")})
    assert client.conversion("cnv_1").event_value == Decimal("999999999999.9999")


def test_unknown_fields_of_an_answer_are_kept(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(200, {"conversionId": "cnv_1", "newField": 1})
    assert client.conversion("cnv_1").raw["newField"] == 1


def test_a_retry_carries_the_same_idempotency_key(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(503, refusal("SERVICE_UNAVAILABLE"))
    client.record(LEAD)
    first, second = (asked.headers["idempotency-key"] for asked in fake.requests)
    assert first == second


def test_two_events_have_different_idempotency_keys(client: AdTarget, fake: FakeAdTarget) -> None:
    client.record(LEAD)
    client.record(LEAD)
    assert len({asked.headers["idempotency-key"] for asked in fake.requests}) == 2


def test_a_wait_of_the_server_is_honoured(
    monkeypatch: pytest.MonkeyPatch, client: AdTarget, fake: FakeAdTarget
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("adtarget_client.client.time.sleep", waits.append)
    fake.answer(429, refusal("RATE_LIMITED"), headers={"Retry-After": "3"})
    client.record(LEAD)
    assert waits == [3.0]


def test_a_very_long_wait_is_left_to_the_caller(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(429, refusal("RATE_LIMITED"), headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited) as raised:
        client.record(LEAD)
    assert raised.value.retry_after == 3600


def test_it_gives_up_after_the_last_retry(client: AdTarget, fake: FakeAdTarget) -> None:
    for _ in range(5):
        fake.answer(500, refusal("INTERNAL_ERROR"))
    with pytest.raises(ServerFailed):
        client.record(LEAD)
    assert len(fake.requests) == 5


def test_a_refusal_is_not_repeated(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(400, refusal("INVALID_PAYLOAD", details=[{"field": "currency", "message": "Needed."}]))
    with pytest.raises(InvalidRequest) as raised:
        client.record(LEAD)
    assert (raised.value.details[0]["field"], len(fake.requests)) == ("currency", 1)


def test_a_wrong_key_has_an_error_of_its_own(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(401, refusal("INVALID_KEY"), headers={"X-Request-Id": "req_1"})
    with pytest.raises(AuthenticationFailed) as raised:
        client.record(LEAD)
    assert raised.value.request_id == "req_1"


def test_no_answer_at_all_is_unreachable() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client = AdTarget("https://ads.example", KEY, transport=httpx.MockTransport(fail), retries=NO_WAIT)
    with pytest.raises(Unreachable):
        client.record(LEAD)


def test_a_list_is_read_to_its_last_page(client: AdTarget, fake: FakeAdTarget) -> None:
    fake.answer(200, {"conversions": [{"conversionId": "cnv_2"}], "nextCursor": "abc"})
    fake.answer(200, {"conversions": [{"conversionId": "cnv_1"}]})
    assert [found.conversion_id for found in client.conversions(order_id="A-17")] == ["cnv_2", "cnv_1"]


def test_a_key_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="atk_live_"):
        AdTarget("https://ads.example", "secret")


def test_the_async_client_does_the_same(fake: FakeAdTarget) -> None:
    async def run() -> str | None:
        fake.answer(503, refusal("SERVICE_UNAVAILABLE"))
        async with AsyncAdTarget("https://ads.example", KEY, transport=fake.transport(), retries=NO_WAIT) as client:
            return (await client.record(LEAD)).capi_status

    assert asyncio.run(run()) == "pending"


def test_the_async_client_reads_every_page(fake: FakeAdTarget) -> None:
    async def run() -> list[str | None]:
        fake.answer(200, {"sends": [{"sendId": "snd_2"}], "nextCursor": "abc"})
        fake.answer(200, {"sends": [{"sendId": "snd_1"}]})
        async with AsyncAdTarget("https://ads.example", KEY, transport=fake.transport()) as client:
            return [send.send_id async for send in client.sends(status="failed")]

    assert asyncio.run(run()) == ["snd_2", "snd_1"]
