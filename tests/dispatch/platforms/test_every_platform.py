"""What holds for all four: nothing empty, nothing noisy, and no success that is not proven."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtarget.core.http_messages import HttpAnswer
from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.facts import CannotExpress, OutgoingEvent
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import (
    AD_PLATFORMS,
    FOUR,
    OCCURRED_AT,
    answer,
    bare,
    full,
    pixel_of,
    seconds,
    verdict_of,
)

SUCCESS: dict[str, Any] = {
    "meta": {"events_received": 1, "messages": [], "fbtrace_id": "A1"},
    "tiktok": {"code": 0, "message": "OK", "request_id": "R1", "data": {}},
    "snapchat": {"status": "VALID", "reason": "ok"},
    "google": {"requestId": "126365e1"},
    "reddit": {"data": {"message": "Successfully processed 1 conversion events."}},
    "microsoft": {"eventsReceived": 1},
    "pinterest": {"num_events_received": 1, "num_events_processed": 1, "events": [{"status": "processed"}]},
    "chatgpt": {"success": True},
    "yandex": {"uploading": {"id": 7, "source_quantity": 1, "status": "UPLOADED"}},
}
#: Those whose payloads are alike enough for one test; the others have theirs in test_more_platforms.py.
each_of_four = pytest.mark.parametrize("slug", FOUR)
every_platform = pytest.mark.parametrize("slug", AD_PLATFORMS)


def leaves(value: Any) -> Iterator[Any]:
    """Every value inside a payload, containers included."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(inner)


def rendered(slug: str, event: OutgoingEvent) -> dict[str, Any]:
    return PLATFORMS[slug].render(event, pixel_of(slug))


def test_every_slug_has_its_platform() -> None:
    assert len({platform.slug for platform in PLATFORMS.values()}) == len(PLATFORMS)
    assert all(PLATFORMS[slug].slug == slug for slug in PLATFORMS)


# ------------------------------------------------------------------ what we say
@each_of_four
@pytest.mark.parametrize(
    "event",
    [full(), bare(email="e" * 64, email_google="0" * 64, user_agent="Mozilla/5.0")],
    ids=["everything known", "hardly anything known"],
)
def test_nothing_empty_is_ever_sent(slug: str, event: OutgoingEvent) -> None:
    assert not [leaf for leaf in leaves(rendered(slug, event)) if leaf in ("", None, [], {})]


@pytest.mark.promise("R2")
@each_of_four
def test_the_event_id_is_ours_as_a_string(slug: str) -> None:
    payload = rendered(slug, full())
    assert payload.get("event_id", payload.get("transactionId")) == "cnv_01JA"


@each_of_four
def test_time_is_told_in_whole_seconds_of_utc(slug: str) -> None:
    payload = rendered(slug, full())
    expected = "2026-10-12T09:30:00Z" if slug == "google" else int(OCCURRED_AT.timestamp())
    assert payload.get("event_time", payload.get("eventTimestamp")) == expected


@each_of_four
@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("49.9000", "USD", "49.9"),
        ("0.3000", "EUR", "0.3"),
        ("50.0000", "USD", "50"),
        ("1.0050", "EUR", "1.01"),
        ("1200.0000", "JPY", "1200"),
        ("1.5000", "KWD", "1.5"),
        ("1.2345", "KWD", "1.235"),
        ("999999999999.9900", "USD", "999999999999.99"),
    ],
)
def test_a_price_is_a_plain_number_in_major_units(slug: str, value: str, currency: str, expected: str) -> None:
    payload = rendered(slug, full(value=Decimal(value), currency=currency))
    texts = [str(leaf) for leaf in leaves(payload) if leaf != payload.get("event_time")]
    assert texts.count(expected) == 1  # a number, or text where the platform wants text
    assert currency in list(leaves(payload))


@each_of_four
def test_a_lead_without_value_goes_out_without_value_and_currency(slug: str) -> None:
    payload = rendered(slug, full(event_type=EventType.LEAD, value=None, currency=""))
    assert not {"value", "currency", "conversionValue"} & set(json.dumps(payload).split('"'))


@each_of_four
@pytest.mark.parametrize(
    "missing", [{"value": None, "currency": ""}, {"value": Decimal("0.0010")}], ids=["no value", "rounds to nothing"]
)
def test_a_purchase_without_value_is_skipped(slug: str, missing: dict[str, Any]) -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(slug, full(**missing))
    assert caught.value.reason == Reason.MISSING_VALUE


@each_of_four
def test_an_event_without_any_signal_is_skipped_not_sent(slug: str) -> None:
    assert not PLATFORMS[slug].has_signal(bare(user_agent="Mozilla/5.0"))
    with pytest.raises(CannotExpress) as caught:
        rendered(slug, bare(user_agent="Mozilla/5.0"))
    assert caught.value.reason in (Reason.MISSING_IDENTIFIER, Reason.MISSING_GCLID)


@each_of_four
def test_the_token_travels_in_a_header_only(slug: str) -> None:
    request = PLATFORMS[slug].request(pixel_of(slug), "s3cret", [rendered(slug, full())])
    assert "s3cret" in "".join(request.headers.values())
    assert "s3cret" not in request.url
    assert b"s3cret" not in request.body
    assert request.headers["Content-Type"] == "application/json"


@each_of_four
def test_all_payloads_travel_together_in_their_order(slug: str) -> None:
    payloads = [rendered(slug, full(event_id=f"cnv_{number}")) for number in range(3)]
    document = json.loads(PLATFORMS[slug].request(pixel_of(slug), "token", payloads).body)
    assert document["events" if slug == "google" else "data"] == payloads


@each_of_four
def test_text_of_every_script_reaches_the_wire(slug: str) -> None:
    payload = rendered(slug, full(user_agent="Браузер 🦊 \ud800"))
    assert "Браузер 🦊" in PLATFORMS[slug].request(pixel_of(slug), "token", [payload]).body.decode()


# ------------------------------------------------------------------ what we make of answers
@every_platform
def test_a_complete_positive_answer_is_success(slug: str) -> None:
    assert verdict_of(slug, 200, SUCCESS[slug]).outcome == Outcome.ACCEPTED


@pytest.mark.promise("R9")
@every_platform
@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"[]", b"{}", b"OK", b"0", b'"VALID"', b"<html>OK</html>", b"\xff\xfe", b"[" * 20_000],
    ids=["empty", "space", "null", "list", "object", "word", "number", "string", "HTML", "no UTF-8", "deep"],
)
def test_a_200_that_says_nothing_is_ambiguous(slug: str, body: bytes) -> None:
    assert verdict_of(slug, 200, body).outcome == Outcome.AMBIGUOUS


@every_platform
def test_a_cut_answer_is_ambiguous_however_good_it_looks(slug: str) -> None:
    verdict = verdict_of(slug, 200, SUCCESS[slug], complete=False, error="The answer was cut.")
    assert (verdict.outcome, verdict.message) == (Outcome.AMBIGUOUS, "The answer was cut.")


@pytest.mark.promise("R9")
@every_platform
@pytest.mark.parametrize("length", [1, 5, 12])
def test_half_a_success_is_no_success(slug: str, length: int) -> None:
    assert verdict_of(slug, 200, json.dumps(SUCCESS[slug]).encode()[:-length]).outcome == Outcome.AMBIGUOUS


@every_platform
@pytest.mark.parametrize("status", [201, 204, 301, 302, 500, 503])
def test_success_under_any_other_status_is_not_believed(slug: str, status: int) -> None:
    assert verdict_of(slug, status, SUCCESS[slug]).outcome == Outcome.AMBIGUOUS


@every_platform
@pytest.mark.parametrize("status", [408, 425, 429])
@pytest.mark.parametrize("body", [b"", b"<html>busy</html>"])
def test_a_busy_server_is_asked_again_when_it_says(slug: str, status: int, body: bytes) -> None:
    verdict = verdict_of(slug, status, body, retry_after=seconds(7))
    assert (verdict.outcome, verdict.wait) == (Outcome.RETRY, seconds(7))
    assert verdict_of(slug, status, body).wait is None


@every_platform
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("body", [b"", b"<html>oops</html>"])
def test_a_broken_server_may_have_done_the_work(slug: str, status: int, body: bytes) -> None:
    verdict = verdict_of(slug, status, body, retry_after=seconds(7))
    assert (verdict.outcome, verdict.wait) == (Outcome.AMBIGUOUS, seconds(7))


@every_platform
@pytest.mark.parametrize(("reached", "expected"), [(False, Outcome.RETRY), (True, Outcome.AMBIGUOUS)])
def test_only_a_connection_that_never_came_about_is_a_clean_failure(
    slug: str, reached: bool, expected: Outcome
) -> None:
    verdicts = PLATFORMS[slug].read(HttpAnswer(status=0, reached=reached, error="No connection."), 2)
    assert [(verdict.outcome, verdict.message) for verdict in verdicts] == [(expected, "No connection.")] * 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
known_keys = st.sampled_from(
    "error code error_subcode events_received message status event errors error_msgs event_logs requestId details "
    "fieldViolations field reason metadata @type data eventsReceived index isWarning uploading "
    "source_quantity success".split()
)


@every_platform
@given(
    status=st.integers(100, 599),
    body=st.dictionaries(known_keys, st.dictionaries(known_keys, json_values, max_size=3) | json_values, max_size=4),
    count=st.integers(1, 3),
)
def test_no_answer_breaks_the_reader(slug: str, status: int, body: Any, count: int) -> None:
    verdicts = PLATFORMS[slug].read(answer(status, body), count)
    assert len(verdicts) == count
    assert all(isinstance(field, str) for verdict in verdicts for field in (verdict.code, verdict.message))
    assert status == 200 or Outcome.ACCEPTED not in {verdict.outcome for verdict in verdicts}
