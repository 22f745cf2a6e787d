"""Asks a platform what became of the requests it has accepted, until it knows or a day has passed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import F

from adtarget.core import rate_limit
from adtarget.core.claiming import claim_until
from adtarget.core.http_messages import HttpAnswer
from dispatch import credentials
from dispatch.choices import Counted
from dispatch.models import Pixel, Receipt
from dispatch.platforms.later import Diagnosis, LaterAnswers
from dispatch.platforms.registry import PLATFORMS

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200

Get = Callable[[str, dict[str, str]], HttpAnswer]
Clock = Callable[[], datetime]


def open_receipt(pixel: Pixel, request_id: str, events: int, *, now: datetime) -> Receipt:
    """To be asked for after DISPATCH_DIAGNOSIS_SECONDS."""
    return Receipt.objects.create(
        pixel=pixel, request_id=request_id, events=events, accepted_at=now, due_at=now + _first_wait()
    )


def ask_due(*, get: Get, clock: Clock) -> int:
    """Asks for the receipts that are due, the oldest first; how many were asked for."""
    due = Receipt.objects.filter(due_at__lte=clock()).select_related("pixel__site").order_by("due_at")
    asked = 0
    for receipt in due[:MOST_AT_ONCE]:
        slug = receipt.pixel.platform
        platform = PLATFORMS[slug]
        if platform.later is None:
            continue
        if rate_limit.take(f"{slug}:status", per_minute=platform.later.requests_per_minute, burst=50):
            break
        lease_end = clock() + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
        if claim_until(receipt, lease_end):
            _note(receipt, _ask(receipt, platform.later, get=get), platform.later, now=clock())
            asked += 1
    return asked


def _ask(receipt: Receipt, later: LaterAnswers, *, get: Get) -> Diagnosis | None:
    try:
        token = credentials.token_of(receipt.pixel)
    except (credentials.CredentialRefused, credentials.CredentialUnavailable):
        return None  # delivery pauses the pixel; here it is only not known yet
    url = later.url(receipt.pixel.config().api_url, receipt.request_id)
    answer = get(url, {"Authorization": f"Bearer {token.text}"})
    if answer.status == 401 and not token.is_fresh:
        credentials.forget(receipt.pixel)
    return later.read(answer)


def _note(receipt: Receipt, diagnosis: Diagnosis | None, later: LaterAnswers, *, now: datetime) -> None:
    counted = diagnosis.counted if diagnosis else Counted.WAITING
    is_over = counted != Counted.WAITING
    gives_up = not is_over and now >= receipt.accepted_at + later.give_up_after
    Receipt.objects.filter(pk=receipt.pk).update(
        asked=F("asked") + 1,
        checked_at=now,
        counted=Counted.UNKNOWN if gives_up else counted,
        reasons=dict(diagnosis.reasons) if diagnosis else {},
        due_at=None if is_over or gives_up else now + later.next_wait(_first_wait(), asked=receipt.asked + 1),
    )
    if counted in (Counted.PARTLY, Counted.DROPPED) and diagnosis:
        log.warning("accepted, not counted", pixel=receipt.pixel_id, reasons=dict(diagnosis.reasons))


def _first_wait() -> timedelta:
    return timedelta(seconds=settings.DISPATCH_DIAGNOSIS_SECONDS)
