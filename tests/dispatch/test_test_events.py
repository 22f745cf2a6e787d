"""Test events: what goes out to a pixel, and what people see of the answer."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch.models import Pixel
from dispatch.test_events import CannotTest, TestEvent, send_test_event
from tests.factories import PixelFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def sent(pixel: Pixel, body: Any, *, status: int = 200, **asked: Any) -> tuple[TestEvent, dict[str, Any]]:
    """What people see, and the document that went out."""
    posted: list[PreparedRequest] = []

    def post(request: PreparedRequest) -> HttpAnswer:
        posted.append(request)
        return HttpAnswer(status=status, body=json.dumps(body).encode())

    return send_test_event(pixel, post=post, now=NOW, **asked), json.loads(posted[0].body)


def test_the_platforms_answer_is_shown() -> None:
    pixel = PixelFactory(test=True, test_event_code="TEST1")
    event, document = sent(pixel, {"events_received": 1, "fbtrace_id": "A1"})
    assert event.worked
    assert "events_received" in event.response
    assert document["test_event_code"] == "TEST1"


def test_a_refusal_says_what_to_do() -> None:
    event, _ = sent(PixelFactory(test=True), {"error": {"code": 190, "message": "Invalid token"}}, status=400)
    assert not event.worked
    assert "Enter a new access token" in event.meaning


def test_a_live_pixel_gets_a_harmless_custom_event() -> None:
    event, document = sent(PixelFactory(), {"events_received": 1})
    assert event.kind == "harmless"
    assert [each["event_name"] for each in document["data"]] == ["AdTargetTest"]


def test_a_real_lead_goes_out_where_asked_for() -> None:
    event, document = sent(PixelFactory(), {"events_received": 1}, real=True)
    assert event.kind == "real"
    assert [each["event_name"] for each in document["data"]] == ["Lead"]


def test_a_pixel_that_takes_tests_never_gets_a_real_one() -> None:
    event, document = sent(PixelFactory(tiktok=True, test_event_code="T1"), {"code": 0}, real=True)
    assert event.kind == "test"
    assert document["test_event_code"] == "T1"


def test_googles_test_has_a_type_with_an_action() -> None:
    pixel = PixelFactory(google=True, options={"conversionActions": {"Purchase": "701"}})
    _, document = sent(pixel, {"requestId": "r"})
    assert document["validateOnly"] is True
    assert document["events"][0]["destinationReferences"] == ["701"]


def test_a_pixel_without_any_action_says_so() -> None:
    with pytest.raises(CannotTest, match="No conversion action is set up"):
        sent(PixelFactory(google=True), {})
