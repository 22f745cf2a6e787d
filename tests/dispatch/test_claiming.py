"""One UPDATE wins; a lost worker's sends are taken up by another; a late worker changes nothing."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dispatch import claiming
from dispatch.choices import Reason, SendStatus
from dispatch.models import Attempt, Send
from dispatch.webhooks import endpoints
from dispatch.webhooks.models import WebhookMessage
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def pixel():
    return PixelFactory()


def due_sends(pixel, count, **values):
    return [
        SendFactory(conversion=ConversionFactory(site=pixel.site), pixel=pixel, due=True, **values)
        for _ in range(count)
    ]


def claim(pixel, *, limit=50, now=None):
    return claiming.claim(pixel=pixel, limit=limit, max_age=WEEK, now=now or timezone.now())


def test_a_claim_takes_what_is_due_up_to_the_limit(pixel) -> None:
    due_sends(pixel, 3)
    SendFactory(conversion=ConversionFactory(site=pixel.site), pixel=pixel, waiting=True)
    assert len(claim(pixel, limit=2)) == 2
    assert len(claim(pixel)) == 1
    assert claim(pixel) == []


@pytest.mark.promise("R4")
def test_fresh_goes_before_retries_and_retries_before_replays(pixel) -> None:
    replay, retry, fresh = (due_sends(pixel, 1, priority=priority)[0] for priority in (2, 1, 0))
    assert claim(pixel, limit=1) == [fresh]
    assert claim(pixel, limit=1) == [retry]
    assert claim(pixel, limit=1) == [replay]


def test_a_send_that_another_worker_ended_is_told_once(pixel) -> None:
    endpoints.register(account=pixel.site.account, url="https://hooks.acme.com/told")
    due_sends(pixel, 2)
    now = timezone.now()
    batch = claim(pixel, now=now)
    Send.objects.filter(pk=batch[0].pk).update(due_at=now)  # its lease ended alone
    assert claiming.end(claim(pixel, now=now), SendStatus.SENT, now=now, sent_at=now) == 1
    assert claiming.end(batch, SendStatus.SENT, now=now, sent_at=now) == 1
    told = [message.data["sendId"] for message in WebhookMessage.objects.all()]
    assert sorted(told) == sorted(send.pk for send in batch)


@pytest.mark.promise("R1")
def test_a_send_comes_back_when_its_lease_ends(pixel) -> None:
    due_sends(pixel, 1)
    now = timezone.now()
    assert len(claim(pixel, now=now)) == 1
    assert claim(pixel, now=now + timedelta(seconds=59)) == []
    again = claim(pixel, now=now + timedelta(seconds=61))
    assert [send.lost_leases for send in again] == [1]
    assert again[0].uncertain_since is not None


def test_a_late_worker_changes_nothing(pixel) -> None:
    due_sends(pixel, 1)
    now = timezone.now()
    late = claim(pixel, now=now)
    claim(pixel, now=now + timedelta(seconds=61))
    assert claiming.end(late, SendStatus.FAILED, Reason.REJECTED, now=timezone.now()) == 0
    assert claiming.begin_attempt(late, [{}], [[]], now=now) == []
    assert Attempt.objects.count() == 0
    assert Send.objects.get().status == SendStatus.PENDING


@pytest.mark.promise("R5")
def test_three_leases_lost_in_a_row_are_poison(pixel) -> None:
    due_sends(pixel, 1)
    now = timezone.now()
    for loss in range(3):
        assert len(claim(pixel, now=now + loss * timedelta(seconds=61))) == 1
    assert claim(pixel, now=now + 3 * timedelta(seconds=61)) == []
    send = Send.objects.get()
    assert (send.status, send.reason) == (SendStatus.FAILED, Reason.POISON)


def test_a_finished_attempt_forgets_lost_leases(pixel) -> None:
    due_sends(pixel, 1)
    now = timezone.now()
    claim(pixel, now=now)
    again = claim(pixel, now=now + timedelta(seconds=61))
    claiming.finish(again, due_at=now)
    assert Send.objects.get().lost_leases == 0


def test_what_was_lost_with_its_worker_travels_alone(pixel) -> None:
    due_sends(pixel, 3)
    now = timezone.now()
    claim(pixel, limit=2, now=now)
    later = now + timedelta(seconds=61)
    assert sorted(len(claim(pixel, now=later)) for _ in range(3)) == [1, 1, 1]


def test_an_event_near_the_age_limit_travels_alone(pixel) -> None:
    due_sends(pixel, 2)
    now = timezone.now()
    late = ConversionFactory(site=pixel.site, event_time=now - WEEK + timedelta(minutes=30))
    SendFactory(conversion=late, pixel=pixel, due=True)
    assert sorted(len(claim(pixel, now=now + timedelta(seconds=1))) for _ in range(2)) == [1, 2]


def test_tests_and_live_events_do_not_share_a_request(pixel) -> None:
    due_sends(pixel, 2)
    SendFactory(conversion=ConversionFactory(site=pixel.site, is_test=True), pixel=pixel, due=True)
    assert sorted(len(claim(pixel)) for _ in range(2)) == [1, 2]


@pytest.mark.promise("R3")
@pytest.mark.django_db(transaction=True)
def test_two_workers_never_hold_the_same_send() -> None:
    pixel = PixelFactory()
    due_sends(pixel, 60)
    taken: list[str] = []

    def work() -> None:
        while batch := claim(pixel, limit=7):
            taken.extend(send.pk for send in batch)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60
