"""A platform that takes one event a request gets many requests at once, each judged by itself."""

import threading
import time

import pytest
from django.utils import timezone

from adtarget.core.http_messages import HttpAnswer
from dispatch import batches, breaker
from dispatch.choices import SendStatus
from dispatch.models import Attempt, PlatformHealth, Send
from dispatch.one_by_one import AT_ONCE
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pixel():
    template = "https://crm.example/p?id={conversion_id}"
    return PixelFactory(platform="postback", pixel_id="net", options={"template": template}, credential="k-1234567890")


class Host:
    """Answers each request after a moment, and counts how many it had at the same time."""

    def __init__(self, decide=lambda url: HttpAnswer(status=200, body=b"OK"), *, seconds=0.02) -> None:
        self.decide, self.seconds, self.lock = decide, seconds, threading.Lock()
        self.urls, self.now, self.most = [], 0, 0

    def __call__(self, request):
        with self.lock:
            self.urls.append(request.url)
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        with self.lock:
            self.now -= 1
        return self.decide(request.url)


def due(pixel, count):
    return [SendFactory(conversion=ConversionFactory(site=pixel.site), pixel=pixel, due=True) for _ in range(count)]


def deliver(pixel, host) -> int:
    return batches.deliver_sends(pixel.pk, post=host, clock=timezone.now)


def test_requests_leave_at_once_up_to_the_cap(pixel) -> None:
    due(pixel, AT_ONCE + 4)
    host = Host(seconds=0.1)
    assert deliver(pixel, host) == AT_ONCE + 4
    assert 4 < host.most <= AT_ONCE


def test_each_event_has_a_request_and_an_attempt(pixel) -> None:
    sends, host = due(pixel, 5), Host()
    deliver(pixel, host)
    assert sorted(host.urls) == sorted(f"https://crm.example/p?id={send.conversion_id}" for send in sends)
    assert set(Send.objects.values_list("status", "attempts")) == {(SendStatus.SENT, 1)}
    assert list(Attempt.objects.values_list("batch_size", "http_status")) == [(1, 200)] * 5


def test_a_refused_event_fails_alone(pixel) -> None:
    sends = due(pixel, 6)
    bad = sends[2].conversion_id
    deliver(pixel, Host(lambda url: HttpAnswer(status=404 if bad in url else 200, body=b"OK")))
    assert Send.objects.filter(status=SendStatus.SENT).count() == 5
    assert Send.objects.exclude(status=SendStatus.SENT).get().conversion_id == bad


def test_a_request_that_breaks_stops_no_neighbour(pixel) -> None:
    sends = due(pixel, 3)

    def decide(url):
        if sends[0].conversion_id in url:
            raise ValueError(url)
        return HttpAnswer(status=200, body=b"OK")

    deliver(pixel, Host(decide))
    assert Send.objects.filter(status=SendStatus.SENT).count() == 2
    assert Send.objects.get(pk=sends[0].pk).status == SendStatus.PENDING


def test_one_dead_host_does_not_hold_all_postbacks(pixel) -> None:
    health = PlatformHealth.objects.get_or_create(platform="postback")[0]
    for _ in range(breaker.OPENS_AT_PLATFORM + 1):
        breaker.note_failure((pixel, health), asked=None, now=timezone.now())
    assert PlatformHealth.objects.get(platform="postback").breaker_until is None
    pixel.refresh_from_db()
    assert pixel.breaker_until is not None
