"""TikTok's adapter, row by row of its tables."""

from datetime import timedelta
from typing import Any

import pytest

from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import (
    OCCURRED_AT,
    answer,
    bare,
    document_of,
    full,
    outcomes_of,
    pixel_of,
    seconds,
    verdict_of,
)

TIKTOK = PLATFORMS["tiktok"]


def rendered(event: OutgoingEvent, **options: Any) -> Payload:
    return TIKTOK.render(event, pixel_of("tiktok", **options))


def coded(code: Any, message: str = "No.") -> dict[str, Any]:
    return {"code": code, "message": message, "request_id": "R1", "data": {}}


def test_a_purchase_in_tiktoks_words() -> None:
    assert rendered(full()) == {
        "event": "Purchase",
        "event_time": int(OCCURRED_AT.timestamp()),
        "event_id": "cnv_01JA",
        "user": {
            "email": "e" * 64,
            "phone": "1" * 64,
            "external_id": ["b" * 64],
            "first_name": "f" * 64,
            "last_name": "a" * 64,
            "ttclid": "E.C.P.abc",
            "ttp": "2F7h",
            "ip": "2001:db8::1",
            "user_agent": "Mozilla/5.0",
        },
        "page": {"url": "https://shop.example/join?x=1", "referrer": "https://shop.example/"},
        "properties": {"currency": "USD", "value": 49.9, "description": "VIP", "order_id": "A-17"},
    }


def test_the_request_names_the_pixel_in_its_body_and_the_token_bare_in_its_header() -> None:
    request = TIKTOK.request(pixel_of("tiktok"), "tok", [{"event": "Lead"}])
    assert request.url == "http://127.0.0.1:1/open_api/v1.3/event/track/"
    assert request.headers["Access-Token"] == "tok"
    assert request.body == b'{"event_source":"web","event_source_id":"P/1","data":[{"event":"Lead"}]}'


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (bare(ttclid="E.C.P."), True),
        (bare(ttp="2F7h"), True),
        (bare(email="e" * 64), True),
        (bare(phone_e164="1" * 64), True),
        (bare(external_id="b" * 64), True),
        (bare(client_ip="192.0.2.1", user_agent="Mozilla/5.0"), True),
        (bare(client_ip="192.0.2.1"), False),
        (bare(fbc="f", fbp="f", sccid="s", gclid="g", first_name="f" * 64), False),
    ],
)
def test_what_tiktok_can_attribute_by(event: OutgoingEvent, expected: bool) -> None:
    assert TIKTOK.has_signal(event) is expected


@pytest.mark.parametrize("kind", [EventType.LEAD, EventType.PURCHASE])
@pytest.mark.parametrize("currency", ["GEL", "UZS"])
def test_an_unknown_currency_takes_the_value_with_it(kind: EventType, currency: str) -> None:
    properties = rendered(full(event_type=kind, currency=currency))["properties"]
    assert properties == {"description": "VIP", "order_id": "A-17"}


def test_a_currency_that_was_left_out_is_noted() -> None:
    assert TIKTOK.fit(full(currency="GEL"))[1] == ["Value and currency were left out: TikTok does not take GEL."]
    assert TIKTOK.fit(full(currency="EUR"))[1] == []


def test_a_purchase_without_any_value_is_still_skipped() -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(full(value=None, currency=""))
    assert caught.value.reason == Reason.MISSING_VALUE


@pytest.mark.parametrize(("length", "is_sent"), [(1000, True), (1001, False)])
def test_a_click_id_over_a_thousand_characters_is_left_out(length: int, is_sent: bool) -> None:
    assert ("ttclid" in rendered(full(ttclid="E" * length))["user"]) is is_sent


def test_events_of_28_days_are_taken() -> None:
    assert TIKTOK.max_age == timedelta(days=28)


@pytest.mark.parametrize(
    ("kind", "custom", "names", "expected"),
    [
        (EventType.LEAD, "", {}, "Lead"),
        (EventType.COMPLETE_REGISTRATION, "", {}, "CompleteRegistration"),
        (EventType.SUBSCRIBE, "", {}, "Subscribe"),
        (EventType.CUSTOM, "Joined VIP", {}, "Joined VIP"),
        (EventType.CUSTOM, "Checkout", {"Checkout": "OurCheckout"}, "OurCheckout"),
        (EventType.PURCHASE, "", {"Purchase": "CompletePayment"}, "CompletePayment"),
    ],
)
def test_the_event_name_is_ours_unless_the_pixel_says_otherwise(
    kind: EventType, custom: str, names: dict[str, str], expected: str
) -> None:
    assert rendered(full(event_type=kind, custom_name=custom), eventNames=names)["event"] == expected


@pytest.mark.parametrize(
    ("reserved", "standard"),
    [
        ("AddBilling", "AddPaymentInfo"),
        ("Browse", "PageView"),
        ("Checkout", "PlaceAnOrder"),
        ("ClickForm", "SubmitForm"),
        ("Registration", "CompleteRegistration"),
        ("StartCheckout", "InitiateCheckout"),
    ],
)
def test_a_reserved_word_goes_as_its_standard_event(reserved: str, standard: str) -> None:
    assert rendered(full(event_type=EventType.CUSTOM, custom_name=reserved))["event"] == standard


def test_limited_data_use_is_an_option_of_the_pixel() -> None:
    assert rendered(full(), limitedDataUse=True)["limited_data_use"] is True
    assert "limited_data_use" not in rendered(full())


def test_only_a_test_carries_the_test_code() -> None:
    pixel = pixel_of("tiktok", test_event_code="TEST1")
    assert document_of("tiktok", {}, pixel=pixel, test=True)["test_event_code"] == "TEST1"
    assert "test_event_code" not in document_of("tiktok", {}, pixel=pixel)
    assert TIKTOK.takes_tests(pixel)
    assert not TIKTOK.takes_tests(pixel_of("tiktok"))


# ------------------------------------------------------------------ answers
ROWS = [
    (200, 0, Outcome.ACCEPTED, None),
    (200, 20001, Outcome.ACCEPTED, None),
    (500, 0, Outcome.AMBIGUOUS, None),
    *[(status, code, Outcome.REJECTED, None) for status in (200, 400) for code in (40000, 40002)],
    (401, 40001, Outcome.AUTH, None),
    (200, 40007, Outcome.AUTH, None),
    *[(401, code, Outcome.RETRY, 60) for code in (40016, 40100, 40132, 40202, 61000)],
    (200, 60001, Outcome.RETRY, 600),
    *[(401, code, Outcome.AUTH, None) for code in (40101, 40102, 40103, 40104, 40105)],
    *[(200, code, Outcome.AUTH, None) for code in (40003, 40106, 40110, 40113, 40114, 40117, 40118, 40124, 40125)],
    *[(200, code, Outcome.AUTH, None) for code in (40130, 40131, 40300, 40301, 40309, 41000)],
    *[(200, code, Outcome.AUTH, None) for code in (40006, 40051, 40400, 41001)],  # version or address gone
    (200, 40050, Outcome.AMBIGUOUS, None),
    *[(status, code, Outcome.RETRY, None) for status in (200, 500) for code in (50000, 50002, 51000, 59999)],
    (200, 51021, Outcome.RETRY, 60),
    *[(200, code, Outcome.REJECTED, None) for code in (40800, 49999)],
    (200, 7, Outcome.AMBIGUOUS, None),
    (200, -1, Outcome.AMBIGUOUS, None),
    (200, 60000, Outcome.AMBIGUOUS, None),
]


@pytest.mark.promise("R8")
@pytest.mark.parametrize(("status", "code", "expected", "wait"), ROWS)
def test_tiktoks_code_decides(status: int, code: int, expected: Outcome, wait: int | None) -> None:
    verdict = verdict_of("tiktok", status, coded(code))
    assert (verdict.outcome, verdict.code, verdict.trace_id) == (expected, str(code), "R1")
    assert verdict.wait == (seconds(wait) if wait else None)


def test_a_duplicated_request_is_marked() -> None:
    assert verdict_of("tiktok", 200, coded(40050)).is_duplicate
    assert not verdict_of("tiktok", 200, coded(0)).is_duplicate


@pytest.mark.parametrize("code", [False, "0", 0.0, None, [], {}])
def test_only_the_number_zero_is_success(code: Any) -> None:
    assert verdict_of("tiktok", 200, coded(code)).outcome == Outcome.AMBIGUOUS


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_status_without_tiktoks_own_words_is_not_final(status: int) -> None:
    assert verdict_of("tiktok", status, b"<html>").outcome == Outcome.RETRY


def test_the_named_event_is_refused_and_its_neighbours_go_out() -> None:
    body = coded(40002, "Batch.1.properties.contents.0.content_id: Not a valid string")
    assert outcomes_of("tiktok", 400, body, count=3) == [Outcome.UNTOUCHED, Outcome.REJECTED, Outcome.UNTOUCHED]


@pytest.mark.parametrize("message", ["No.", "Batch.7.event: unknown", "Batch: too long"])
def test_a_refusal_that_names_nobody_is_split(message: str) -> None:
    verdicts = TIKTOK.read(answer(400, coded(40002, message)), 3)
    assert [(verdict.outcome, verdict.whole_batch) for verdict in verdicts] == [(Outcome.REJECTED, True)] * 3
