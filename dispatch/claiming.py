"""Claims due sends for one worker, and finishes them: a claim that was lost changes nothing.

No lock outlives a crash: a claimed send is due again when its lease ends.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from dispatch import attempting, taking
from dispatch.among import among
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from dispatch.models.send import SendQuerySet
from dispatch.persistence import persistent
from dispatch.platforms.facts import Payload
from dispatch.webhooks import outbox
from leads.unreadable import read_rows

POISON_AT = 3  # leases lost in a row
#: Events this close to the platform's age limit travel alone: late, they would sink their batch.
RIDES_ALONE_WITHIN = timedelta(hours=1)


def is_anything_due(pixel: Pixel, *, now: datetime) -> bool:
    """Asked first, since on SQLite a claim takes the write lock just to look, and a probe is not to be wasted."""
    return Send.objects.due(now).filter(pixel=pixel).exists()


def claim(*, pixel: Pixel, limit: int, max_age: timedelta, now: datetime) -> list[Send]:
    """Up to `limit` due sends of the pixel that may travel together, ours until the lease ends.

    Their conversions, visits and sites come with them. A send that was lost
    with its worker travels alone; at the third loss it ends as poison.
    """
    if connection.vendor == "postgresql":
        batch = taking.take(
            pixel, limit=limit, alone_before=now - max_age + RIDES_ALONE_WITHIN, now=now, lease_end=_lease_end(now)
        )
        if batch or not is_anything_due(pixel, now=now):
            return batch
    return _claim_row_by_row(pixel=pixel, limit=limit, max_age=max_age, now=now)


@persistent
def _claim_row_by_row(*, pixel: Pixel, limit: int, max_age: timedelta, now: datetime) -> list[Send]:
    """The same on any database, with what is special: lost workers, age limits, rows that cannot be read."""
    due = Send.objects.due(now).filter(pixel=pixel)
    with transaction.atomic():
        rows = read_rows(
            due.select_related("conversion__visit", "conversion__site")
            .order_by("priority", "due_at")
            .select_for_update(of=("self",), skip_locked=True)[:limit]
        )
        end_unreadable(rows.unreadable)
        found = rows.found
        lost = [send for send in found if send.claim is not None]
        for send in lost:
            _note_loss(send, now=now)
        poisoned = [send for send in lost if send.status == SendStatus.FAILED]
        outbox.tell_of_sends(poisoned, SendStatus.FAILED, reason=Reason.POISON, error={}, now=now)
        batch = _together([send for send in found if send.status == SendStatus.PENDING], max_age=max_age, now=now)
        claim_id = uuid.uuid4()
        for send in batch:
            send.claim, send.pixel = claim_id, pixel
        Send.objects.filter(among([send.pk for send in batch])).update(claim=claim_id, due_at=_lease_end(now))
    return batch


def end_unreadable(send_ids: Sequence[str]) -> None:
    """Ends sends whose rows cannot be read, so that they stop none of their pixel."""
    if send_ids:
        Send.objects.filter(pk__in=send_ids).update(
            status=SendStatus.FAILED,
            reason=Reason.POISON,
            due_at=None,
            claim=None,
            error_code="unreadable",
            error_message="What the database holds of this event cannot be read.",
        )


def begin_attempt(
    batch: Sequence[Send],
    payloads: Sequence[Payload],
    notes: Sequence[list[str]],
    *,
    now: datetime,
    share_a_request: bool = True,
) -> list[int]:
    """Renews the lease and writes what is about to leave, with what was left out of it: the attempts' keys.

    [] where the lease was lost.
    """
    left_out = [
        [*(value["message"] for value in send.conversion.left_out), *noted]
        for send, noted in zip(batch, notes, strict=True)
    ]
    keys = attempting.begin(
        batch,
        payloads,
        left_out,
        held=_held(batch),
        lease_end=_lease_end(now),
        now=now,
        batch_size=len(batch) if share_a_request else 1,
    )
    if keys:
        for send in batch:
            send.attempts += 1
    return keys


def finish(batch: Sequence[Send], **changes: object) -> int:
    """Ends or reschedules the sends whose claim still holds, and drops the claim; how many."""
    return _held(batch).update(claim=None, lost_leases=0, **changes)


def end(batch: Sequence[Send], status: SendStatus, reason: str = "", *, now: datetime, **changes: object) -> int:
    """Ends the sends whose claim still holds, with a webhook message for accounts that subscribed; how many."""
    with transaction.atomic():
        if finish(batch, status=status, reason=reason, due_at=None, **changes) == len(batch):
            outbox.tell_of_sends(batch, status, reason=reason, error=changes, now=now)
            return len(batch)
        transaction.set_rollback(True)
    return _end_held(batch, status, reason, now=now, **changes)


@transaction.atomic
def _end_held(batch: Sequence[Send], status: SendStatus, reason: str, *, now: datetime, **changes: object) -> int:
    """The same where some of the sends lost their claim: another worker or an erasure ended those and wrote of them."""
    held = set(_held(batch).select_for_update().values_list("pk", flat=True))
    batch = [send for send in batch if send.pk in held]
    if batch:
        finish(batch, status=status, reason=reason, due_at=None, **changes)
        outbox.tell_of_sends(batch, status, reason=reason, error=changes, now=now)
    return len(batch)


def _held(batch: Sequence[Send]) -> SendQuerySet:
    return Send.objects.filter(among([send.pk for send in batch]), claim=batch[0].claim if batch else None)


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)


def _note_loss(send: Send, *, now: datetime) -> None:
    """Notes that a worker was lost: whether the platform has the event is unknown."""
    send.lost_leases, send.claim = send.lost_leases + 1, None
    send.uncertain_since = send.uncertain_since or now - timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
    if send.lost_leases >= POISON_AT:
        send.status, send.reason, send.due_at = SendStatus.FAILED, Reason.POISON, None
    send.save(update_fields=["lost_leases", "uncertain_since", "status", "reason", "due_at", "claim"])


def _together(sends: list[Send], *, max_age: timedelta, now: datetime) -> list[Send]:
    """The largest head of the queue that may share one request."""
    if not sends:
        return []
    first = sends[0]
    if _rides_alone(first, max_age=max_age, now=now):
        return [first]
    return [
        send
        for send in sends
        if send.conversion.is_test == first.conversion.is_test and not _rides_alone(send, max_age=max_age, now=now)
    ]


def _rides_alone(send: Send, *, max_age: timedelta, now: datetime) -> bool:
    return send.lost_leases > 0 or send.conversion.event_time + max_age - RIDES_ALONE_WITHIN < now
