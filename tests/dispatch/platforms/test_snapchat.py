"""Snapchat's adapter, row by row of its tables."""

from typing import Any

import pytest

from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import OCCURRED_AT, answer, bare, full, outcomes_of, pixel_of, verdict_of

SNAPCHAT = PLATFORMS["snapchat"]
FLAT = {"status": "INVALID", "error_msgs": ["Param data['event_time'] is an invalid Unix timestamp."]}
NESTED = {"status": "INVALID", "event": 1, "errors": {"codes": ["E17"], "error_msgs": ["Bad hash."]}}
LOGS = {
    "status": "INVALID",
    "test_event": True,
    "reason": "Some events are invalid.",
    "event_logs": [{"event": 0, "status": "VALID"}, {"event": 2, "status": "INVALID", "errors": {"E": "x"}}],
}


def rendered(event: OutgoingEvent, **options: Any) -> Payload:
    return SNAPCHAT.render(event, pixel_of("snapchat", **options))


def test_a_purchase_in_snapchats_words() -> None:
    assert rendered(full()) == {
        "event_name": "PURCHASE",
        "event_time": int(OCCURRED_AT.timestamp()),
        "event_id": "cnv_01JA",
        "action_source": "WEB",
        "event_source_url": "https://shop.example/join?x=1",
        "user_data": {
            "em": ["e" * 64],
            "ph": ["d" * 64],
            "fn": ["f" * 64],
            "ln": ["a" * 64],
            "external_id": ["b" * 64],
            "client_ip_address": "2001:db8::1",
            "client_user_agent": "Mozilla/5.0",
            "sc_click_id": "ad5f",
            "sc_cookie1": "c0ffee00",
        },
        "custom_data": {"currency": "USD", "value": 49.9, "order_id": "A-17"},
    }


@pytest.mark.parametrize(("test", "ending"), [(False, "/events"), (True, "/events/validate")])
def test_a_test_is_validated_and_not_counted(test: bool, ending: str) -> None:
    request = SNAPCHAT.request(pixel_of("snapchat"), "tok", [{"event_name": "SIGN_UP"}], test=test)
    assert request.url == f"http://127.0.0.1:1/v3/P%2F1{ending}"
    assert request.headers["Authorization"] == "Bearer tok"
    assert request.body == b'{"data":[{"event_name":"SIGN_UP"}]}'
    assert SNAPCHAT.takes_tests(pixel_of("snapchat"))


def test_the_token_can_fall_back_to_the_query_and_stays_out_of_logs() -> None:
    request = SNAPCHAT.request(pixel_of("snapchat", tokenInQuery=True), "tok", [])
    assert request.url.endswith("/events?access_token=tok")
    assert request.logged_url.endswith("/events")


@pytest.mark.parametrize(
    ("event", "has_signal", "can_be_sent"),
    [
        (bare(email="e" * 64), True, True),
        (bare(phone_digits="d" * 64), True, True),
        (bare(client_ip="192.0.2.1", user_agent="Mozilla/5.0"), True, True),
        (bare(sccid="ad5f"), True, False),  # refused unless something matchable stands beside it
        (bare(sccid="ad5f", client_ip="192.0.2.1"), True, False),
        (bare(external_id="b" * 64, fbc="f", gclid="g", ttclid="t", sc_cookie1="c"), False, False),
    ],
)
def test_what_snapchat_can_attribute_by_and_what_it_takes(
    event: OutgoingEvent, has_signal: bool, can_be_sent: bool
) -> None:
    assert SNAPCHAT.has_signal(event) is has_signal
    if can_be_sent:
        assert rendered(event)["user_data"]
        return
    with pytest.raises(CannotExpress) as caught:
        rendered(event)
    assert caught.value.reason == Reason.MISSING_IDENTIFIER


@pytest.mark.parametrize(
    ("kind", "custom", "names", "expected"),
    [
        (EventType.LEAD, "", {}, "SIGN_UP"),
        (EventType.COMPLETE_REGISTRATION, "", {}, "SIGN_UP"),
        (EventType.SUBSCRIBE, "", {}, "SUBSCRIBE"),
        (EventType.LEAD, "", {"Lead": "CUSTOM_EVENT_2"}, "CUSTOM_EVENT_2"),
        (EventType.CUSTOM, "Joined VIP", {"Joined VIP": "CUSTOM_EVENT_3"}, "CUSTOM_EVENT_3"),
        (EventType.CUSTOM, "Joined VIP", {"Custom": "CUSTOM_EVENT_1"}, "CUSTOM_EVENT_1"),
    ],
)
def test_the_event_name_is_snapchats_unless_the_pixel_says_otherwise(
    kind: EventType, custom: str, names: dict[str, str], expected: str
) -> None:
    assert rendered(full(event_type=kind, custom_name=custom), eventNames=names)["event_name"] == expected


def test_a_custom_event_is_the_first_of_snapchats_five() -> None:
    assert rendered(full(event_type=EventType.CUSTOM, custom_name="Joined VIP"))["event_name"] == "CUSTOM_EVENT_1"


@pytest.mark.parametrize("currency", ["GEL", "UZS"])
def test_every_currency_is_sent_as_it_is(currency: str) -> None:
    price = {"value": 49.9, "currency": currency}
    assert rendered(full(currency=currency))["custom_data"] == {**price, "order_id": "A-17"}


# ------------------------------------------------------------------ answers
ROWS = [
    (200, {"status": "VALID", "reason": "ok"}, Outcome.ACCEPTED),
    (200, {"status": "VALID", "errors": {"codes": [], "error_msgs": []}}, Outcome.ACCEPTED),
    (200, {"status": "VALID", "errors": {"error_msgs": ["x"]}}, Outcome.AMBIGUOUS),
    (200, {"status": "VALID", "error_msgs": ["x"]}, Outcome.AMBIGUOUS),
    (200, {"status": "valid"}, Outcome.AMBIGUOUS),
    (200, FLAT, Outcome.REJECTED),
    (400, FLAT, Outcome.REJECTED),
    (400, {**NESTED, "event": 0}, Outcome.REJECTED),
    *[(status, FLAT, Outcome.AUTH) for status in (401, 403, 404)],
    # not Snapchat's words, so it came from something in between
    *[(status, body, Outcome.RETRY) for status in (400, 401, 403, 404) for body in (b"", b"<html>")],
    *[(status, FLAT, Outcome.RETRY) for status in (408, 425, 429)],
    *[(status, FLAT, Outcome.AMBIGUOUS) for status in (500, 502, 503)],
]


@pytest.mark.promise("R8")
@pytest.mark.parametrize(("status", "body", "expected"), ROWS)
def test_the_status_decides_and_the_body_says_why(status: int, body: Any, expected: Outcome) -> None:
    assert verdict_of("snapchat", status, body).outcome == expected


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (FLAT, "INVALID", "Param data['event_time'] is an invalid Unix timestamp."),
        ({**NESTED, "event": 0}, "E17", "E17; Bad hash."),
        ({"status": "INVALID", "reason": "Because."}, "INVALID", "Because."),
    ],
)
def test_both_shapes_of_an_error_are_read(body: Any, code: str, message: str) -> None:
    verdict = verdict_of("snapchat", 400, body)
    assert (verdict.code, verdict.message) == (code, message)


@pytest.mark.parametrize(("body", "guilty"), [(NESTED, 1), (LOGS, 2)])
def test_the_named_event_is_refused_and_its_neighbours_go_out(body: Any, guilty: int) -> None:
    expected = [Outcome.REJECTED if index == guilty else Outcome.UNTOUCHED for index in range(3)]
    assert outcomes_of("snapchat", 400, body, count=3) == expected


@pytest.mark.parametrize("body", [FLAT, {**NESTED, "event": 9}, {**NESTED, "event": True}, {**NESTED, "event": "1"}])
def test_a_refusal_that_names_nobody_is_split(body: Any) -> None:
    verdicts = SNAPCHAT.read(answer(400, body), 3)
    assert [(verdict.outcome, verdict.whole_batch) for verdict in verdicts] == [(Outcome.REJECTED, True)] * 3
