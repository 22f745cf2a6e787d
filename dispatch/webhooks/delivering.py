"""Delivers one endpoint's due messages: claim, sign, post, conclude; with the retry schedule of sends."""

import random
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from adtarget.core.encryption import CannotDecrypt
from adtarget.core.http_messages import HttpAnswer
from adtarget.core.logs import redact
from dispatch import retry
from dispatch.claiming import POISON_AT
from dispatch.webhooks import endpoints, outbox, signing
from dispatch.webhooks.choices import MessageStatus
from dispatch.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage

log = structlog.get_logger(__name__)

GONE = 410  # the receiver asks us to stop
GIVE_UP_AFTER = timedelta(days=5)  # of failures without one success
KEPT_FOR = timedelta(days=30)
KEPT_ANSWER = 1000  # characters
#: Messages whose endpoint may be told something.
OPEN = Q(endpoint__is_active=True, endpoint__paused_at__isnull=True, endpoint__deleted_at__isnull=True)

Post = Callable[[str, Mapping[str, str], bytes], HttpAnswer]
Clock = Callable[[], datetime]


def due_endpoints(now: datetime) -> list[str]:
    """Endpoints with due messages that may go."""
    due = WebhookMessage.objects.filter(OPEN, status=MessageStatus.PENDING, due_at__lte=now)
    return list(due.order_by().values_list("endpoint_id", flat=True).distinct())


def deliver_messages(
    endpoint_id: str, *, post: Post, clock: Clock, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Sends the endpoint's due messages, the oldest first, until the worker ends; how many were tried."""
    tried = 0
    while not is_stopping() and (message := _claim(endpoint_id, now=clock())):
        _attempt(message, post=post, clock=clock)
        tried += 1
    return tried


def resume(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Ends the pause; waiting messages are due now."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(paused_at=None, pause_message="", failing_since=None)
    WebhookMessage.objects.filter(endpoint=endpoint, status=MessageStatus.PENDING, claim=None).update(due_at=now)
    outbox.ring(endpoint.pk)


def retry_message(message: WebhookMessage, *, now: datetime) -> None:
    """A message that ended, or waits, goes out again now under the same id."""
    WebhookMessage.objects.filter(pk=message.pk, claim=None).update(
        status=MessageStatus.PENDING, due_at=now, failures=0, lost_leases=0
    )
    outbox.ring(message.endpoint_id)


def purge(now: datetime) -> int:
    """Deletes messages of more than thirty days, told or not; how many."""
    return endpoints.delete_messages(WebhookMessage.objects.filter(created_at__lt=now - KEPT_FOR))


def _claim(endpoint_id: str, *, now: datetime) -> WebhookMessage | None:
    """The oldest due message, ours until the lease ends; None where nothing is due or the endpoint is paused."""
    due = WebhookMessage.objects.filter(OPEN, endpoint=endpoint_id, status=MessageStatus.PENDING, due_at__lte=now)
    if not due.exists():  # asked first: on SQLite a claim takes the write lock just to look
        return None
    with transaction.atomic():
        found = due.select_related("endpoint").order_by("due_at").select_for_update(of=("self",), skip_locked=True)
        message = found.first()
        if message is None:
            return None
        message.lost_leases += message.claim is not None
        if message.lost_leases >= POISON_AT:
            message.status, message.due_at, message.claim = MessageStatus.FAILED, None, None
            message.last_answer = "Three workers were lost with it."
        else:
            message.claim, message.due_at = uuid.uuid4(), now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
            message.attempts += 1
        message.save(update_fields=["lost_leases", "status", "due_at", "claim", "attempts", "last_answer"])
        if message.claim is None:
            return _claim(endpoint_id, now=now)
        WebhookAttempt.objects.create(message=message, number=message.attempts, started_at=now)
    return message


def _attempt(message: WebhookMessage, *, post: Post, clock: Clock) -> None:
    """HTTP happens outside any transaction."""
    started = clock()
    body = signing.encode(message.body)
    try:
        keys = message.endpoint.secrets(started)
    except CannotDecrypt as error:
        answer = HttpAnswer(status=0, complete=False, reached=False, error=str(error))
    else:
        headers = {"Content-Type": "application/json", "User-Agent": "AdTarget-Webhooks/1"}
        headers |= signing.sign(body, message_id=message.pk, at=started, keys=keys)
        answer = post(message.endpoint.url, headers, body)
    _conclude(message, answer, started=started, now=clock())


def _conclude(message: WebhookMessage, answer: HttpAnswer, *, started: datetime, now: datetime) -> None:
    is_told = 200 <= answer.status < 300
    text = redact(answer.body[:KEPT_ANSWER].decode("utf-8", "replace")).replace("\0", "") or answer.error
    short = f"HTTP {answer.status}" if answer.status else answer.error
    with transaction.atomic():
        message.attempt_set.filter(number=message.attempts).update(
            duration_ms=max(0, (now - started) // timedelta(milliseconds=1)),
            http_status=answer.status or None,
            answer=text[:KEPT_ANSWER],
        )
        held = WebhookMessage.objects.filter(pk=message.pk, claim=message.claim)
        changes = {"claim": None, "lost_leases": 0, "last_answer": short[:200]}
        if is_told:
            held.update(status=MessageStatus.SENT, due_at=None, **changes)
        elif answer.status == GONE:
            held.update(due_at=now, **changes)
        elif at := _next_attempt(message, answer, now=now):
            held.update(due_at=at, failures=F("failures") + 1, **changes)
        else:
            held.update(status=MessageStatus.FAILED, due_at=None, failures=F("failures") + 1, **changes)
        _note_health(message.endpoint, is_told=is_told, is_gone=answer.status == GONE, now=now)


def _next_attempt(message: WebhookMessage, answer: HttpAnswer, *, now: datetime) -> datetime | None:
    return retry.next_attempt(
        failures=message.failures + 1,
        now=now,
        deadline=message.created_at + GIVE_UP_AFTER,
        waits=settings.DISPATCH_RETRY_SCHEDULE,
        asked=answer.retry_after,
        jitter=random.uniform(retry.LEAST_JITTER, 1.0),
    )


def _note_health(endpoint: WebhookEndpoint, *, is_told: bool, is_gone: bool, now: datetime) -> None:
    """Pauses an endpoint that is gone, or that failed for days without one success."""
    mine = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if is_told:
        mine.filter(failing_since__isnull=False).update(failing_since=None)
        return
    mine.filter(failing_since__isnull=True).update(failing_since=now)
    why = "It answered 410 Gone." if is_gone else "It failed for five days without one success."
    if not is_gone:
        mine = mine.filter(failing_since__lte=now - GIVE_UP_AFTER)
    if mine.filter(paused_at__isnull=True).update(paused_at=now, pause_message=why):
        log.warning("webhook endpoint paused", endpoint=endpoint.pk, why=why)
