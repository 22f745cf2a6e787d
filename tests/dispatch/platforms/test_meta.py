"""Meta's adapter, row by row of its tables."""

import json
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

META = PLATFORMS["meta"]


def rendered(event: OutgoingEvent, **options: Any) -> Payload:
    return META.render(event, pixel_of("meta", **options))


def error(code: int, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "No.", "code": code, "error_subcode": subcode, "fbtrace_id": "A1", **more}}


def test_a_purchase_in_metas_words() -> None:
    assert rendered(full()) == {
        "event_name": "Purchase",
        "event_time": int(OCCURRED_AT.timestamp()),
        "event_id": "cnv_01JA",
        "action_source": "website",
        "event_source_url": "https://shop.example/join?x=1",
        "referrer_url": "https://shop.example/",
        "user_data": {
            "em": ["e" * 64],
            "ph": ["d" * 64],
            "fn": ["f" * 64],
            "ln": ["a" * 64],
            "external_id": ["b" * 64],
            "client_ip_address": "2001:db8::1",
            "client_user_agent": "Mozilla/5.0",
            "fbc": "fb.1.1791990000123.IwAR0aBc-_",
            "fbp": "fb.1.1791990000000.1116446470",
        },
        "custom_data": {"currency": "USD", "value": 49.9, "content_name": "VIP", "order_id": "A-17"},
    }


def test_the_request_names_version_and_pixel_in_its_path() -> None:
    request = META.request(pixel_of("meta"), "EAA", [{"event_name": "Lead"}])
    assert request.url == "http://127.0.0.1:1/v26.0/P%2F1/events"
    assert request.headers["Authorization"] == "Bearer EAA"
    assert request.body == b'{"data":[{"event_name":"Lead"}]}'


def test_the_token_can_fall_back_to_the_query_and_stays_out_of_logs() -> None:
    request = META.request(pixel_of("meta", tokenInQuery=True), "E A", [])
    assert request.url == "http://127.0.0.1:1/v26.0/P%2F1/events?access_token=E+A"
    assert request.logged_url == "http://127.0.0.1:1/v26.0/P%2F1/events"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (bare(fbc="fb.1.1791990000123.x"), True),
        (bare(fbp="fb.1.1.1"), True),
        (bare(email="e" * 64), True),
        (bare(phone_digits="d" * 64), True),
        (bare(external_id="b" * 64), True),
        (bare(client_ip="192.0.2.1", user_agent="Mozilla/5.0"), True),
        (bare(client_ip="192.0.2.1"), False),
        (bare(user_agent="Mozilla/5.0", first_name="f" * 64, last_name="a" * 64), False),
        (bare(ttclid="t", ttp="t", sccid="s", gclid="g"), False),
    ],
)
def test_what_meta_can_attribute_by(event: OutgoingEvent, expected: bool) -> None:
    assert META.has_signal(event) is expected


def test_without_user_agent_the_event_is_skipped() -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(full(user_agent=""))
    assert caught.value.reason == Reason.MISSING_USER_AGENT


@pytest.mark.parametrize(
    "fbc",
    [
        "fb.1.1791990000123",
        "fb.1.1791990000123.",
        "fb.1.179199.IwAR",
        "IwAR0",
        "fb.1.1791990000123.a b",
        "fb.1.1791990000123.fb.1.1791990000123.IwAR0",
        "fb.1.1791990000123.IwAR0?utm_source=fb",
        "fb.1.1791990000123.IwAR0%20",
        "fb.1.1791990000123.IwAR0/",
        "fb.1.1791990000123.ИвАР0",
        "fb.1.1791990000123.IwAR0.abc",
        "fb.1.1791990000123.IwAR0\n",
        "fb.12.1791990000123.IwAR0",
    ],
)
def test_a_malformed_fbc_is_left_out_lest_it_sink_the_batch(fbc: str) -> None:
    assert "fbc" not in rendered(full(fbc=fbc))["user_data"]
    with pytest.raises(CannotExpress) as caught:
        rendered(bare(fbc=fbc, user_agent="Mozilla/5.0"))
    assert caught.value.reason == Reason.MISSING_IDENTIFIER


@pytest.mark.parametrize("fbc", ["fb.1.1791990000123.IwAR.AQIBAQIB", "fb.0.1791990000.IwAR", "fb.2.1791990000123.aB-_"])
def test_every_wellformed_fbc_goes_verbatim(fbc: str) -> None:
    assert rendered(full(fbc=fbc))["user_data"]["fbc"] == fbc


@pytest.mark.parametrize("fbp", ["fb.1.1791990000000", "fb.1.1791990000000.abc", "1116446470", "fb.1.17.1 ", "fb.1..1"])
def test_a_malformed_fbp_is_left_out(fbp: str) -> None:
    assert "fbp" not in rendered(full(fbp=fbp))["user_data"]


def test_what_was_left_out_is_noted() -> None:
    fitted, notes = META.fit(full(fbc="IwAR0", fbp="1"))
    assert (fitted.fbc, fitted.fbp) == ("", "")
    assert notes == [f"{name} was left out: Meta would refuse the event for it." for name in ("fbc", "fbp")]


CONTACT_ONLY = bare(email="e" * 64)


def test_a_backend_event_goes_as_a_systems_where_allowed() -> None:
    payload = rendered(CONTACT_ONLY, actionSource="auto")
    assert payload["action_source"] == "system_generated"
    assert "event_source_url" not in payload
    assert payload["user_data"] == {"em": ["e" * 64]}


@pytest.mark.parametrize(
    ("event", "options"),
    [
        (CONTACT_ONLY, {}),
        (CONTACT_ONLY, {"actionSource": "website"}),
        (bare(external_id="b" * 64), {"actionSource": "auto"}),
        (bare(email="e" * 64, is_url_given=True), {"actionSource": "auto"}),
    ],
)
def test_any_other_event_without_user_agent_is_skipped(event: OutgoingEvent, options: dict[str, str]) -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(event, **options)
    assert caught.value.reason == Reason.MISSING_USER_AGENT


def test_a_web_event_stays_one_whatever_is_allowed() -> None:
    assert rendered(full(), actionSource="auto")["action_source"] == "website"


def test_an_app_secret_proves_the_token() -> None:
    credential = '{"accessToken": "EAA", "appSecret": "s3cret"}'
    request = META.request(pixel_of("meta"), credential, [{}])
    assert request.headers["Authorization"] == "Bearer EAA"
    # echo -n EAA | openssl dgst -sha256 -hmac s3cret
    proof = "4aebebb47c45814f49cd6423e4af6b7694ea05143ef08fa4a6fdf06f6f52c5ca"
    assert json.loads(request.body)["appsecret_proof"] == proof
    assert b"s3cret" not in request.body


@pytest.mark.parametrize(
    ("kind", "custom", "names", "expected"),
    [
        (EventType.LEAD, "", {}, "Lead"),
        (EventType.COMPLETE_REGISTRATION, "", {}, "CompleteRegistration"),
        (EventType.SUBSCRIBE, "", {}, "Subscribe"),
        (EventType.CUSTOM, "Joined VIP", {}, "Joined VIP"),
        (EventType.CUSTOM, "Joined VIP", {"Joined VIP": "VipJoin"}, "VipJoin"),
        (EventType.CUSTOM, "Joined VIP", {"Custom": "AnyCustom"}, "AnyCustom"),
        (EventType.LEAD, "", {"Lead": "Contact"}, "Contact"),
        (EventType.LEAD, "", "nonsense", "Lead"),
        (EventType.LEAD, "", {"Lead": None}, "Lead"),
    ],
)
def test_the_event_name_is_ours_unless_the_pixel_says_otherwise(
    kind: EventType, custom: str, names: Any, expected: str
) -> None:
    assert rendered(full(event_type=kind, custom_name=custom), eventNames=names)["event_name"] == expected


def test_a_lead_named_purchase_needs_a_value_too() -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(full(event_type=EventType.LEAD, value=None, currency=""), eventNames={"Lead": "Purchase"})
    assert caught.value.reason == Reason.MISSING_VALUE


def test_limited_data_use_is_an_option_of_the_pixel() -> None:
    payload = rendered(full(), limitedDataUse=True)
    assert payload["data_processing_options"] == ["LDU"]
    assert payload["data_processing_options_country"] == payload["data_processing_options_state"] == 0
    assert "data_processing_options" not in rendered(full())


@pytest.mark.parametrize(("is_test_pixel", "expected"), [(True, "TEST1"), (False, None)])
def test_a_test_code_goes_only_with_a_test_pixel(is_test_pixel: bool, expected: str | None) -> None:
    pixel = pixel_of("meta", test_event_code="TEST1", testPixel=is_test_pixel)
    assert META.takes_tests(pixel) is is_test_pixel
    assert document_of("meta", {}, pixel=pixel, test=True).get("test_event_code") == expected


# ------------------------------------------------------------------ answers
def test_warnings_and_trace_of_a_success_are_kept() -> None:
    verdict = verdict_of("meta", 200, {"events_received": 1, "messages": ["Low match."], "fbtrace_id": "A1"})
    assert (verdict.message, verdict.trace_id) == ("Low match.", "A1")


@pytest.mark.parametrize("received", [0, 1, 3, True, 2.0, "2", None])
def test_any_other_count_is_ambiguous(received: Any) -> None:
    assert outcomes_of("meta", 200, {"events_received": received}, count=2) == [Outcome.AMBIGUOUS] * 2
    assert verdict_of("meta", 200, {"events_received": True}).outcome == Outcome.AMBIGUOUS


ROWS = [
    # is_transient, any code
    (400, 100, 2804003, {"is_transient": True}, Outcome.RETRY, None),
    (400, 190, None, {"is_transient": True}, Outcome.RETRY, None),
    # unknown, service down, internal, dataset not ready
    *[(400, code, None, {}, Outcome.RETRY, None) for code in (1, 2, 5000, 21009)],
    # throttled
    *[(400, code, None, {}, Outcome.RETRY, 60) for code in (4, 17, 32, 341, 613, 80000, 80003, 80004, 80014)],
    (400, 4, None, {"is_transient": True}, Outcome.RETRY, 60),
    # blocked for policy
    (400, 368, None, {}, Outcome.RETRY, 3600),
    # token and permission
    *[(400, 190, subcode, {}, Outcome.AUTH, None) for subcode in (None, 458, 459, 460, 463, 464, 467)],
    (401, 102, None, {}, Outcome.AUTH, None),
    (400, 2500, None, {"type": "OAuthException"}, Outcome.AUTH, None),
    *[(403, code, None, {}, Outcome.AUTH, None) for code in (3, 10, 200, 250, 299)],
    (400, 100, 33, {}, Outcome.AUTH, None),
    *[(400, code, None, {}, Outcome.AUTH, None) for code in (104, 803, 2635)],
    # payload
    *[
        (400, 100, subcode, {}, Outcome.REJECTED, None)
        for subcode in (None, 2804001, 2804003, 2804007, 2804009, 2804016, 2804017, 2804019, 2804048, 1)
    ],
    (500, 100, 2804003, {}, Outcome.REJECTED, None),
    (400, 105, None, {}, Outcome.REJECTED, None),
    # the rest
    (400, 2500, None, {"type": "GraphMethodException"}, Outcome.REJECTED, None),
    (400, 99999, None, {}, Outcome.REJECTED, None),
    (500, 99999, None, {}, Outcome.RETRY, None),
    (429, 99999, None, {}, Outcome.RETRY, None),
    (200, 99999, None, {}, Outcome.AMBIGUOUS, None),
]


@pytest.mark.promise("R8")
@pytest.mark.parametrize(("status", "code", "subcode", "more", "expected", "wait"), ROWS)
def test_metas_code_decides(
    status: int, code: int, subcode: int | None, more: dict[str, Any], expected: Outcome, wait: int | None
) -> None:
    verdict = verdict_of("meta", status, error(code, subcode, **more))
    assert verdict.outcome == expected
    assert verdict.wait == (timedelta(seconds=wait) if wait else None)
    assert verdict.code == (f"{code}/{subcode}" if subcode else str(code))
    assert verdict.trace_id == "A1"


@pytest.mark.parametrize(
    "message",
    [
        "API calls from the server require an appsecret_proof argument",
        "Invalid appsecret_proof provided in the API argument",
    ],
)
def test_a_missing_or_wrong_proof_pauses_the_pixel(message: str) -> None:
    verdict = verdict_of("meta", 400, error(100, message=message, type="GraphMethodException"))
    assert (verdict.outcome, verdict.code) == (Outcome.AUTH, "100/appsecret_proof")
    assert "app secret" in META.meaning(verdict.code)


@pytest.mark.parametrize(("asked", "expected"), [(7, 60), (300, 300)])
def test_a_throttled_pixel_waits_for_the_longer_of_both(asked: int, expected: int) -> None:
    assert verdict_of("meta", 400, error(80004), retry_after=seconds(asked)).wait == seconds(expected)


def test_a_refusal_names_nobody_so_the_batch_is_split() -> None:
    verdicts = META.read(answer(400, error(100, 2804003)), 3)
    assert [(verdict.outcome, verdict.whole_batch) for verdict in verdicts] == [(Outcome.REJECTED, True)] * 3
    assert not verdict_of("meta", 400, error(100, 2804003)).whole_batch


def test_metas_own_words_are_kept() -> None:
    verdict = verdict_of("meta", 400, error(100, 2804003, error_user_msg="Event Timestamp Too Old"))
    assert verdict.message == "No.: Event Timestamp Too Old"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b"<html>", Outcome.RETRY),  # not Meta's own words
        (403, b"", Outcome.RETRY),
        (400, {"error": "odd"}, Outcome.REJECTED),
        (200, {"error": {"code": True}, "events_received": 1}, Outcome.AMBIGUOUS),
    ],
)
def test_an_error_of_unknown_shape(status: int, body: Any, expected: Outcome) -> None:
    assert verdict_of("meta", status, body).outcome == expected
