"""Writes attempts: a row for each send before the request leaves, completed with what was answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, TextField, Value, When

from adtarget.core import exact_json
from adtarget.core.http_messages import HttpAnswer
from adtarget.core.logs import redact
from dispatch import diagnostics
from dispatch.among import among
from dispatch.choices import Outcome, Reason
from dispatch.models import Attempt, Pixel, Receipt, Send
from dispatch.models.send import SendQuerySet
from dispatch.persistence import persistent
from dispatch.platforms.base import Platform
from dispatch.platforms.facts import Payload
from dispatch.platforms.reading import Verdict
from dispatch.statements import run

KEPT_RESPONSE = 2000  # characters of an answer on its attempt


_BEGIN = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(given)s::jsonb) AS one(id varchar, request jsonb, notes jsonb)
), held AS (
    SELECT id FROM dispatch_send
    WHERE id = ANY (%(ids)s::varchar[]) AND claim = %(claim)s FOR NO KEY UPDATE
), counted AS (
    UPDATE dispatch_send s
    SET attempts = s.attempts + 1,
        due_at = CASE WHEN s.due_at < %(renewed_before)s THEN %(lease_end)s ELSE s.due_at END
    FROM held WHERE s.id = held.id AND (SELECT count(*) FROM held) = %(size)s
    RETURNING s.id, s.attempts
)
INSERT INTO dispatch_attempt
    (send_id, number, request, notes, started_at, batch_size, outcome, code, message, trace_id, response)
SELECT id, attempts, request, notes, %(now)s, %(batch_size)s, 'started', '', '', '', ''
FROM counted JOIN given USING (id)
RETURNING send_id, id
"""


def begin(
    batch: Sequence[Send],
    payloads: Sequence[Payload],
    notes: Sequence[list[str]],
    *,
    held: SendQuerySet,
    lease_end: datetime,
    now: datetime,
    batch_size: int,
) -> list[int]:
    """Counts and writes an attempt of each send; their keys, in the order of the batch, or [] where a claim was lost.

    A lease of which a quarter has not passed yet is not renewed.
    """
    if connection.vendor != "postgresql":
        return _begin_row_by_row(batch, payloads, notes, held=held, lease_end=lease_end, now=now, batch_size=batch_size)
    given = [
        {"id": send.pk, "request": payload, "notes": noted}
        for send, payload, noted in zip(batch, payloads, notes, strict=True)
    ]
    values = {
        "given": exact_json.encode(given).decode(),
        "ids": [send.pk for send in batch],
        "claim": batch[0].claim,
        "lease_end": lease_end,
        "renewed_before": now + (lease_end - now) * 3 / 4,
        "size": len(batch),
        "batch_size": batch_size,
        "now": now,
    }
    keys: dict[str, int] = dict(run(_BEGIN, values))
    return [keys[send.pk] for send in batch if send.pk in keys]


@persistent
def _begin_row_by_row(
    batch: Sequence[Send],
    payloads: Sequence[Payload],
    notes: Sequence[list[str]],
    *,
    held: SendQuerySet,
    lease_end: datetime,
    now: datetime,
    batch_size: int,
) -> list[int]:
    with transaction.atomic():
        if held.update(due_at=lease_end, attempts=F("attempts") + 1) != len(batch):
            transaction.set_rollback(True)
            return []
        return _insert(batch, payloads, notes, now=now, batch_size=batch_size)


def _insert(
    batch: Sequence[Send], payloads: Sequence[Payload], notes: Sequence[list[str]], *, now: datetime, batch_size: int
) -> list[int]:
    rows = Attempt.objects.bulk_create(
        Attempt(
            send=send, number=send.attempts + 1, started_at=now, batch_size=batch_size, request=payload, notes=noted
        )
        for send, payload, noted in zip(batch, payloads, notes, strict=True)
    )
    return [row.pk for row in rows]


def conclude(
    pixel: Pixel,
    platform: Platform,
    sends: Sequence[Send],
    attempts: Sequence[int],
    verdict: Verdict,
    answer: HttpAnswer,
    *,
    started: datetime,
    now: datetime,
) -> None:
    """Attempts that got one verdict. Of a person who was erased meanwhile the answer's text is not kept."""
    told = facts(verdict, answer, started=started, now=now)
    was_erased = Exists(Send.objects.filter(pk=OuterRef("send_id"), reason=Reason.ERASED))
    kept = Case(When(was_erased, then=Value("")), default=Value(told.pop("response")), output_field=TextField())
    receipt = _receipt(pixel, platform, sends, verdict, now=now)
    Attempt.objects.filter(among(attempts)).update(receipt=receipt, response=kept, **told)


def facts(verdict: Verdict, answer: HttpAnswer, *, started: datetime, now: datetime) -> dict[str, Any]:
    """What an attempt keeps of its answer, by column."""
    return {
        "outcome": verdict.outcome,
        "duration_ms": max(0, (now - started) // timedelta(milliseconds=1)),
        "http_status": answer.status or None,
        "code": verdict.code[:64],
        "message": redact(verdict.message)[:500],
        "trace_id": verdict.trace_id[:128],
        "response": readable(answer.body),
    }


def readable(body: bytes) -> str:
    """An answer as text fit to keep: redacted, cut, storable."""
    return redact(body[:KEPT_RESPONSE].decode("utf-8", "replace")).replace("\0", "")[:KEPT_RESPONSE]


def _receipt(
    pixel: Pixel, platform: Platform, sends: Sequence[Send], verdict: Verdict, *, now: datetime
) -> Receipt | None:
    """What to ask for later, where the platform accepts first and counts afterwards; tests it never counts."""
    is_test = sends[0].conversion.is_test
    if platform.later is None or verdict.outcome != Outcome.ACCEPTED or is_test:
        return None
    return diagnostics.open_receipt(pixel, verdict.trace_id, len(sends), now=now)
