"""One pixel's due sends against a platform that answers what it is told."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from adtarget.core.http_messages import HttpAnswer
from dispatch import batches, pausing, sweeping
from dispatch.choices import Outcome, Priority, Reason, SendStatus
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms.registry import PLATFORMS
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db
SIGNALS = {"fbc": "fb.1.1791990000123.IwAR0", "client_ip": "203.0.113.9", "user_agent": "Mozilla/5.0"}


def accept(events):
    body = {"events_received": len(events), "messages": [], "fbtrace_id": "A1"}
    return HttpAnswer(status=200, body=json.dumps(body).encode())


def refuse(code, *, status=400, subcode=None, transient=False):
    error = {"message": "Invalid parameter", "code": code, "is_transient": transient, "fbtrace_id": "A2"}
    if subcode:
        error["error_subcode"] = subcode
    return HttpAnswer(status=status, body=json.dumps({"error": error}).encode())


class FakeMeta:
    """Answers with `decide(events)` and remembers each request's events."""

    def __init__(self, decide=accept):
        self.decide, self.requests = decide, []

    def __call__(self, request):
        events = json.loads(request.body)["data"]
        self.requests.append(events)
        return self.decide(events)


@pytest.fixture
def pixel():
    return PixelFactory()


def due(pixel, count=1, **values):
    values.setdefault("api_visit_override", SIGNALS)
    conversions = [ConversionFactory(site=pixel.site, **values) for _ in range(count)]
    return [SendFactory(conversion=conversion, pixel=pixel, due=True) for conversion in conversions]


def deliver(pixel, meta, *, now=None):
    return batches.deliver_sends(pixel.pk, post=meta, clock=lambda: now or timezone.now())


def test_due_sends_of_a_pixel_travel_in_one_request(pixel) -> None:
    sends, meta = due(pixel, 3), FakeMeta()
    deliver(pixel, meta)
    assert [len(request) for request in meta.requests] == [3]
    assert {event["event_id"] for event in meta.requests[0]} == {send.conversion_id for send in sends}
    assert set(Send.objects.values_list("status", "due_at", "claim")) == {(SendStatus.SENT, None, None)}


def test_an_attempt_notes_what_was_left_out(pixel) -> None:
    due(pixel, left_out=[{"field": "fbp", "code": "invalid_fbp", "message": "fbp was left out."}])
    deliver(pixel, FakeMeta())
    assert Attempt.objects.get().notes == ["fbp was left out."]


def test_an_attempt_keeps_what_went_out_and_what_came_back(pixel) -> None:
    due(pixel)
    deliver(pixel, FakeMeta())
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.http_status, attempt.trace_id) == (Outcome.ACCEPTED, 200, "A1")
    assert attempt.request["user_data"]["fbc"] == SIGNALS["fbc"]
    assert "EAA-platform-token" not in json.dumps(attempt.request) + attempt.response


@pytest.mark.promise("R2")
def test_a_failing_platform_is_tried_again_by_the_schedule_with_the_same_event(pixel, settings) -> None:
    settings.DISPATCH_RETRY_SCHEDULE = [timedelta(seconds=5), timedelta(seconds=30)]
    [send] = due(pixel)
    now, failing = timezone.now(), FakeMeta(lambda events: HttpAnswer(status=500))
    deliver(pixel, failing, now=now)
    send.refresh_from_db()
    assert (send.status, send.priority, send.failures) == (SendStatus.PENDING, Priority.RETRY, 1)
    assert timedelta(seconds=4) <= send.due_at - now <= timedelta(seconds=5)
    working = FakeMeta()
    deliver(pixel, working, now=now + timedelta(seconds=6))
    assert working.requests == failing.requests


def test_the_schedule_ends_in_exhausted(pixel, settings) -> None:
    settings.DISPATCH_RETRY_SCHEDULE = [timedelta(seconds=1)]
    [send] = due(pixel)
    now = timezone.now()
    for second in (0, 2):
        deliver(pixel, FakeMeta(lambda events: HttpAnswer(status=500)), now=now + timedelta(seconds=second))
    send.refresh_from_db()
    assert (send.status, send.reason, send.attempts) == (SendStatus.FAILED, Reason.EXHAUSTED, 2)


def test_one_poisoned_event_is_found_and_its_neighbours_go_out(pixel) -> None:
    sends = due(pixel, 20)
    guilty = sends[7].conversion_id

    def decide(events):
        is_spoiled = any(event["event_id"] == guilty for event in events)
        return refuse(100, subcode=2804003) if is_spoiled else accept(events)

    deliver(pixel, FakeMeta(decide))
    assert Send.objects.filter(status=SendStatus.SENT).count() == 19
    failed = Send.objects.get(status=SendStatus.FAILED)
    assert (failed.conversion_id, failed.reason) == (guilty, Reason.REJECTED)
    assert failed.error_code.startswith("100")
    assert failed.failures == 0


def test_a_refused_token_pauses_the_pixel_and_its_sends_wait(pixel) -> None:
    due(pixel, 2)
    deliver(pixel, FakeMeta(lambda events: refuse(190, subcode=463)))
    pixel.refresh_from_db()
    assert pixel.paused_at
    assert pixel.pause_code.startswith("190")
    assert set(Send.objects.values_list("status", "failures")) == {(SendStatus.PENDING, 0)}
    meta = FakeMeta()
    deliver(pixel, meta)
    assert meta.requests == []
    pausing.resume(pixel, now=timezone.now())
    deliver(pixel, meta)
    assert set(Send.objects.values_list("status", flat=True)) == {SendStatus.SENT}


def test_a_missing_user_agent_is_skipped_with_its_reason(pixel) -> None:
    due(pixel, api_visit_override={"fbc": SIGNALS["fbc"]})
    meta = FakeMeta()
    deliver(pixel, meta)
    send = Send.objects.get()
    assert (send.status, send.reason, meta.requests) == (SendStatus.SKIPPED, Reason.MISSING_USER_AGENT, [])


def test_an_event_the_platform_no_longer_takes_is_skipped(pixel) -> None:
    due(pixel, event_time=timezone.now() - timedelta(days=8))
    deliver(pixel, FakeMeta())
    assert Send.objects.get().reason == Reason.EVENT_TOO_OLD


def test_an_event_that_grew_too_old_on_the_way_is_failed(pixel) -> None:
    [send] = due(pixel, event_time=timezone.now() - timedelta(days=8))
    Send.objects.update(attempts=3)
    deliver(pixel, FakeMeta())
    send.refresh_from_db()
    assert (send.status, send.reason) == (SendStatus.FAILED, Reason.EXPIRED)


@pytest.mark.promise("R2")
def test_a_try_that_may_have_counted_is_not_repeated_after_the_dedup_window(pixel) -> None:
    [send] = due(pixel)
    Send.objects.update(attempts=1, uncertain_since=timezone.now() - timedelta(hours=47, minutes=51))
    meta = FakeMeta()
    deliver(pixel, meta)
    send.refresh_from_db()
    assert (send.reason, meta.requests) == (Reason.EXPIRED, [])


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(status=200),
        HttpAnswer(status=200, body=b"<html>welcome</html>"),
        HttpAnswer(status=200, body=b'{"events_received": 1', complete=False),
        HttpAnswer(status=200, body=b'{"events_received": 7}'),
        HttpAnswer(status=302),
        HttpAnswer(status=0, reached=True),
    ],
    ids=["empty", "html", "cut", "wrong count", "redirect", "time-out"],
)
def test_an_unclear_answer_is_never_success(pixel, answer) -> None:
    [send] = due(pixel)
    deliver(pixel, FakeMeta(lambda events: answer))
    send.refresh_from_db()
    assert send.status == SendStatus.PENDING
    assert send.uncertain_since is not None


def test_a_refused_connection_leaves_no_doubt(pixel) -> None:
    [send] = due(pixel)
    deliver(pixel, FakeMeta(lambda events: HttpAnswer(status=0, reached=False)))
    send.refresh_from_db()
    assert (send.status, send.uncertain_since) == (SendStatus.PENDING, None)


@pytest.mark.promise("R4")
def test_a_platform_that_is_down_is_left_alone_then_probed_with_one_event(pixel) -> None:
    due(pixel, 5)
    now, down = timezone.now(), FakeMeta(lambda events: HttpAnswer(status=503))
    for minute in range(5):
        Send.objects.update(due_at=now + timedelta(minutes=minute))
        deliver(pixel, down, now=now + timedelta(minutes=minute))
    pixel.refresh_from_db()
    assert pixel.breaker_until is not None
    Send.objects.update(due_at=now)
    deliver(pixel, down, now=pixel.breaker_until - timedelta(seconds=1))
    assert len(down.requests) == 5
    back = FakeMeta()
    deliver(pixel, back, now=pixel.breaker_until + timedelta(seconds=1))
    assert [len(request) for request in back.requests] == [1, 4]
    assert Pixel.objects.get().breaker_failures == 0


@pytest.mark.promise("R8")
def test_retry_after_holds_the_pixel_back(pixel) -> None:
    due(pixel)
    now = timezone.now()
    deliver(pixel, FakeMeta(lambda events: HttpAnswer(status=429, retry_after=timedelta(minutes=10))), now=now)
    assert Send.objects.get().due_at == now + timedelta(minutes=10)
    assert Pixel.objects.get().breaker_until == now + timedelta(minutes=10)


def test_a_platform_asked_to_wait_spends_the_schedule_only_where_it_fails(pixel) -> None:
    due(pixel)
    deliver(pixel, FakeMeta(lambda events: refuse(4, status=400)))
    assert Send.objects.get().status == SendStatus.PENDING


def test_a_platform_that_fails_for_every_pixel_is_left_alone_as_a_whole(settings) -> None:
    settings.DISPATCH_RETRY_SCHEDULE = [timedelta(hours=1)] * 3
    pixels = [PixelFactory() for _ in range(21)]
    now, down = timezone.now() + timedelta(seconds=5), FakeMeta(lambda events: HttpAnswer(status=503))
    for pixel in pixels:
        due(pixel)
        deliver(pixel, down, now=now)
    assert len(down.requests) == 20
    assert sweeping.due_pixels(now) == []


def test_a_breaker_without_anything_due_keeps_its_probe(pixel) -> None:
    now = timezone.now()
    Pixel.objects.update(breaker_failures=5, breaker_until=now - timedelta(seconds=1))
    deliver(pixel, FakeMeta(), now=now)
    due(pixel)
    meta = FakeMeta()
    deliver(pixel, meta, now=timezone.now())
    assert len(meta.requests) == 1


@pytest.mark.promise("R4")
def test_a_platforms_quota_of_requests_is_kept(monkeypatch) -> None:
    monkeypatch.setattr(type(PLATFORMS["google"]), "requests_per_minute", 1)
    pixel = PixelFactory(
        google=True, options={"conversionActions": {"Lead": "7654321"}}, credential="a-token-that-is-exchanged-already"
    )
    requests = []

    def google(request):
        requests.append(request)
        return HttpAnswer(status=200, body=b'{"requestId": "r-1"}')

    for _ in range(12):
        due(pixel, api_visit_override={"gclid": "Cj0KCQ"})
        deliver(pixel, google)
    assert len(requests) == 10  # the burst
    assert Send.objects.open().count() == 2
