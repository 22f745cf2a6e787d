"""What people delete while workers write: nobody is in the other's way, and no conclusion is undone.

The tests with threads need a database that lets two write at once; SQLite lets one after the other.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from conversions.erasing import erase_person
from dispatch import claiming, sweeping
from dispatch.choices import Reason, SendStatus
from dispatch.models import Attempt, Send
from dispatch.persistence import PAUSES, persistent
from dispatch.webhooks import delivering, endpoints, outbox
from dispatch.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tests.conftest import Api
from tests.dispatch.test_delivery import FakeMeta, accept, deliver, due
from tests.factories import PixelFactory

WEEK = timedelta(days=7)


@pytest.fixture
def two_writers(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")


def elsewhere(work: Callable[[], Any]) -> threading.Thread:
    """Begins `work` in a thread with a connection of its own; what it raises is on `.error`."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            thread.error = error  # type: ignore[attr-defined]
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.error = None  # type: ignore[attr-defined]
    thread.start()
    return thread


def finish(thread: threading.Thread) -> None:
    thread.join(timeout=20)
    assert not thread.is_alive()
    if thread.error is not None:  # type: ignore[attr-defined]
        raise thread.error  # type: ignore[attr-defined]


@pytest.fixture
def endpoint(account) -> WebhookEndpoint:
    return endpoints.register(account=account, url="https://hooks.acme.com/told")


@pytest.fixture
def pixel(site):
    return PixelFactory(site=site)


# ------------------------------------------------------------------ webhooks
def test_a_webhook_deleted_meanwhile_stays_out_of_the_way(two_writers, api: Api, pixel, channel, endpoint, monkeypatch):
    """Between the reading of the endpoints and the commit."""
    (send,), meta, write = due(pixel, channel=channel), FakeMeta(), outbox._write

    def delete_first(*args, **kwargs):
        finish(elsewhere(lambda: answers.append(api.client.delete(f"/api/v1/webhooks/{endpoint.pk}", headers=key))))
        return write(*args, **kwargs)

    key, answers = {"Authorization": f"Bearer {api.token}"}, []
    monkeypatch.setattr(outbox, "_write", delete_first)
    deliver(pixel, meta)

    send.refresh_from_db()
    assert [answer.status_code for answer in answers] == [204]
    assert (send.status, len(meta.requests)) == (SendStatus.SENT, 1)


def test_an_endpoint_that_vanished_undoes_no_conclusion(two_writers, pixel, channel, endpoint, monkeypatch) -> None:
    (send,), meta, write = due(pixel, channel=channel), FakeMeta(), outbox._write

    def remove_first(*args, **kwargs):
        finish(elsewhere(WebhookEndpoint.with_deleted.filter(pk=endpoint.pk).delete))
        return write(*args, **kwargs)

    monkeypatch.setattr(outbox, "_write", remove_first)
    deliver(pixel, meta)

    send.refresh_from_db()
    assert (send.status, len(meta.requests)) == (SendStatus.SENT, 1)


@pytest.mark.django_db
def test_an_outbox_that_breaks_undoes_no_conclusion(pixel, channel, endpoint, monkeypatch) -> None:
    (send,), meta = due(pixel, channel=channel), FakeMeta()
    monkeypatch.setattr(outbox, "_write", lambda *args, **kwargs: 1 / 0)
    deliver(pixel, meta)

    send.refresh_from_db()
    assert (send.status, len(meta.requests)) == (SendStatus.SENT, 1)


def test_webhooks_come_and_go_while_events_are_sent(transactional_db, api: Api, pixel, channel) -> None:
    meta, key = FakeMeta(), {"Authorization": f"Bearer {api.token}"}
    statuses: list[int] = []

    def come_and_go() -> None:
        for number in range(25):
            made = api.post("/api/v1/webhooks", {"url": f"https://hooks.acme.com/{number}"})
            gone = api.client.delete(f"/api/v1/webhooks/{made.json().get('webhookId')}", headers=key)
            statuses.extend([made.status_code, gone.status_code])

    meddler = elsewhere(come_and_go)
    sends = []
    while meddler.is_alive():
        sends += due(pixel, 3, channel=channel)
        deliver(pixel, meta)
    finish(meddler)

    assert set(statuses) == {200, 204}
    assert {send.status for send in Send.objects.all()} == {SendStatus.SENT}
    assert sum(map(len, meta.requests)) == len(sends)


@pytest.mark.django_db
def test_deleted_webhooks_free_their_places(account) -> None:
    for _ in range(2):
        made = [endpoints.register(account=account, url="https://hooks.acme.com/x") for _ in range(10)]
        with pytest.raises(endpoints.TooManyEndpoints):
            endpoints.register(account=account, url="https://hooks.acme.com/x")
        for one in made:
            endpoints.delete(one, now=timezone.now())


@pytest.mark.django_db
def test_a_deleted_webhook_is_seen_and_told_nothing(api: Api, pixel, channel, endpoint) -> None:
    message = outbox.tell_a_test(endpoint, now=timezone.now())
    endpoints.delete(endpoint, now=timezone.now())
    due(pixel, channel=channel)
    deliver(pixel, FakeMeta())

    assert api.get("/api/v1/webhooks").json() == {"webhooks": []}
    assert api.get(f"/api/v1/webhooks/{endpoint.pk}").status_code == 404
    assert list(WebhookMessage.objects.all()) == [message]
    assert delivering.due_endpoints(timezone.now()) == []
    assert delivering.deliver_messages(endpoint.pk, post=pytest.fail, clock=timezone.now) == 0


@pytest.mark.django_db
def test_a_deleted_webhook_cannot_be_switched_on_again(api: Api, endpoint) -> None:
    endpoints.delete(endpoint, now=timezone.now())
    WebhookEndpoint.with_deleted.filter(pk=endpoint.pk).update(is_active=True)  # a form that was open meanwhile
    outbox._write([endpoint], "webhook.test", [{"message": "A test."}], now=timezone.now())
    assert delivering.due_endpoints(timezone.now()) == []


@pytest.mark.django_db
def test_an_hour_later_the_rows_are_gone_too(endpoint) -> None:
    outbox.tell_a_test(endpoint, now=timezone.now())
    now = timezone.now()
    endpoints.delete(endpoint, now=now)

    assert endpoints.purge_deleted(now + timedelta(minutes=59)) == 0
    assert endpoints.purge_deleted(now + timedelta(minutes=61)) == 1
    assert not WebhookEndpoint.with_deleted.exists()
    assert not WebhookMessage.objects.exists()


def test_messages_go_while_a_worker_takes_one(two_writers, endpoint) -> None:
    message = outbox.tell_a_test(endpoint, now=timezone.now())
    with transaction.atomic():
        assert delivering._claim(endpoint.pk, now=timezone.now())
        removing = elsewhere(lambda: endpoints.delete_messages(WebhookMessage.objects.all()))
        removing.join(timeout=0.5)
        assert removing.is_alive()  # it waits for the worker
    finish(removing)
    assert not WebhookMessage.objects.filter(pk=message.pk).exists()
    assert not WebhookAttempt.objects.exists()


# ------------------------------------------------------------------ people
@pytest.mark.promise("S10")
@pytest.mark.django_db
def test_a_person_erased_during_the_request_stays_erased(account, pixel, channel, endpoint) -> None:
    (send,) = due(pixel, channel=channel)
    person = send.conversion.telegram_user_id

    def erase_meanwhile(events):
        erase_person(account, person, actor="test", now=timezone.now())
        return accept(events)

    deliver(pixel, FakeMeta(erase_meanwhile))

    send.refresh_from_db()
    attempt = Attempt.objects.get()
    assert (send.status, send.reason) == (SendStatus.SKIPPED, Reason.ERASED)
    assert (attempt.request, attempt.response) == ({}, "")
    assert not WebhookMessage.objects.exists()


@pytest.mark.django_db
def test_neighbours_of_an_erased_person_are_told_of(account, pixel, channel, endpoint) -> None:
    erased, kept = due(pixel, 2, channel=channel)

    def erase_meanwhile(events):
        erase_person(account, erased.conversion.telegram_user_id, actor="test", now=timezone.now())
        return accept(events)

    deliver(pixel, FakeMeta(erase_meanwhile))

    assert [message.data["sendId"] for message in WebhookMessage.objects.all()] == [kept.pk]


def test_an_attempt_written_during_the_erasure_keeps_no_hashes(two_writers, account, pixel, channel) -> None:
    (send,) = due(pixel, channel=channel)
    now = timezone.now()
    batch = claiming.claim(pixel=pixel, limit=1, max_age=WEEK, now=now)
    with transaction.atomic():
        claiming.begin_attempt(batch, [{"em": ["a hash"]}], [[]], now=now)
        person = send.conversion.telegram_user_id
        erasing = elsewhere(lambda: erase_person(account, person, actor="test", now=now))
        erasing.join(timeout=0.5)
        assert erasing.is_alive()  # it waits for the worker
    finish(erasing)
    assert [attempt.request for attempt in Attempt.objects.all()] == [{}]


# ------------------------------------------------------------------ conclusions
def test_a_refused_write_is_tried_again(transactional_db) -> None:
    tries = []

    @persistent
    def write() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("deadlock detected")
        return "written"

    assert (write(), len(tries)) == ("written", 3)


def test_a_write_that_is_always_refused_raises(transactional_db, monkeypatch) -> None:
    monkeypatch.setattr("dispatch.persistence.time.sleep", lambda seconds: None)
    tries = []

    @persistent
    def write() -> None:
        tries.append(1)
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        write()
    assert len(tries) == len(PAUSES) + 1


# ------------------------------------------------------------------ a conclusion that another update waits for
def concluded_while(work: Callable[[], Any], send: Send, **changes: Any) -> Send:
    """Begins `work` while a worker's conclusion of the send is not yet committed; the send after both."""
    with transaction.atomic():
        Send.objects.filter(pk=send.pk).update(**changes)
        waiting = elsewhere(work)
        time.sleep(0.5)  # it reads the row as pending, and waits for its lock
    finish(waiting)
    send.refresh_from_db()
    return send


def test_erasing_leaves_a_send_concluded_meanwhile(two_writers, account, pixel, channel) -> None:
    (send,), now = due(pixel, channel=channel), timezone.now()
    person = send.conversion.telegram_user_id
    after = concluded_while(
        lambda: erase_person(account, person, actor="test", now=now),
        send,
        status=SendStatus.SENT,
        sent_at=now,
        due_at=None,
    )
    assert (after.status, after.sent_at) == (SendStatus.SENT, now)


@pytest.mark.parametrize("change", ["off", "too old"])
def test_the_sweep_leaves_a_send_failed_meanwhile(two_writers, pixel, channel, change: str) -> None:
    (send,), now = due(pixel, channel=channel), timezone.now()
    if change == "off":
        type(pixel).objects.filter(pk=pixel.pk).update(is_active=False)
    else:
        type(pixel).objects.filter(pk=pixel.pk).update(paused_at=now)
        type(send.conversion).objects.filter(pk=send.conversion_id).update(event_time=now - timedelta(days=20))
    after = concluded_while(
        lambda: sweeping.settle_stranded(now), send, status=SendStatus.FAILED, reason=Reason.REJECTED, due_at=None
    )
    assert (after.status, after.reason) == (SendStatus.FAILED, Reason.REJECTED)
