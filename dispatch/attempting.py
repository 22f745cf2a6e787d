"""Completes the rows of attempts with what was answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Case, Exists, OuterRef, TextField, Value, When

from adtarget.core.http_messages import HttpAnswer
from adtarget.core.logs import redact
from dispatch import diagnostics
from dispatch.choices import Outcome, Reason
from dispatch.models import Attempt, Pixel, Receipt, Send
from dispatch.platforms.base import Platform
from dispatch.platforms.reading import Verdict

KEPT_RESPONSE = 2000  # characters of an answer on its attempt


def conclude(
    pixel: Pixel,
    platform: Platform,
    attempts: Sequence[Attempt],
    verdict: Verdict,
    answer: HttpAnswer,
    *,
    started: datetime,
    now: datetime,
) -> None:
    """Attempts that got one verdict. Of a person who was erased meanwhile the answer's text is not kept."""
    was_erased = Exists(Send.objects.filter(pk=OuterRef("send_id"), reason=Reason.ERASED))
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(
        receipt=_receipt(pixel, platform, attempts, verdict, now=now),
        outcome=verdict.outcome,
        duration_ms=max(0, (now - started) // timedelta(milliseconds=1)),
        http_status=answer.status or None,
        code=verdict.code[:64],
        message=redact(verdict.message)[:500],
        trace_id=verdict.trace_id[:128],
        response=Case(When(was_erased, then=Value("")), default=Value(readable(answer.body)), output_field=TextField()),
    )


def readable(body: bytes) -> str:
    """An answer as text fit to keep: redacted, cut, storable."""
    return redact(body[:KEPT_RESPONSE].decode("utf-8", "replace")).replace("\0", "")[:KEPT_RESPONSE]


def _receipt(
    pixel: Pixel, platform: Platform, attempts: Sequence[Attempt], verdict: Verdict, *, now: datetime
) -> Receipt | None:
    """What to ask for later, where the platform accepts first and counts afterwards; tests it never counts."""
    is_test = attempts[0].send.conversion.is_test
    if platform.later is None or verdict.outcome != Outcome.ACCEPTED or is_test:
        return None
    return diagnostics.open_receipt(pixel, verdict.trace_id, len(attempts), now=now)
