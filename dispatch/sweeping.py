"""Finds due sends that no worker was notified of, and sends that can never go out."""

from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Q

from conversions.models import Conversion
from dispatch import claiming
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, PlatformHealth, Send
from dispatch.models.send import SendQuerySet
from dispatch.platforms.registry import PLATFORMS
from dispatch.webhooks import outbox
from leads.unreadable import read_rows

MOST_AT_ONCE = 500


def due_pixels(now: datetime) -> list[str]:
    """Pixels with due sends that may go: not paused, not held by their breaker."""
    due = Send.objects.due(now).filter(pixel__is_active=True, pixel__paused_at__isnull=True)
    due = due.filter(Q(pixel__breaker_until__isnull=True) | Q(pixel__breaker_until__lte=now))
    held = PlatformHealth.objects.filter(breaker_until__gt=now).values("platform")
    due = due.exclude(platform__in=held)
    return list(due.order_by().values_list("pixel_id", flat=True).distinct())


def settle_stranded(now: datetime) -> int:
    """Ends sends that no worker will take up: of removed pixels, and too old on paused ones; how many.

    The filters of updates join nothing: PostgreSQL then looks again at a row that a worker has just claimed or ended.
    """
    free = Send.objects.due(now).filter(claim__isnull=True)
    ended = free.filter(pixel__in=Pixel.objects.filter(is_active=False)).update(
        status=SendStatus.SKIPPED, reason=Reason.PIXEL_REMOVED, due_at=None
    )
    for slug, platform in PLATFORMS.items():
        paused = Pixel.objects.filter(platform=slug, paused_at__isnull=False)
        old = Conversion.objects.filter(event_time__lte=now - platform.max_age)
        too_old = free.filter(pixel__in=paused, conversion__in=old)
        ended += too_old.filter(attempts=0).update(status=SendStatus.SKIPPED, reason=Reason.EVENT_TOO_OLD, due_at=None)
        ended += _expire(too_old, now=now)
    return ended


@transaction.atomic
def _expire(sends: SendQuerySet, *, now: datetime) -> int:
    """Ends some of them as failed, with webhook messages; the next sweep takes the rest."""
    rows = read_rows(
        sends.select_related("conversion", "pixel")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("conversion__account_id")[:MOST_AT_ONCE]
    )
    claiming.end_unreadable(rows.unreadable)
    some = rows.found
    for _, of_account in groupby(some, key=lambda send: send.conversion.account_id):
        batch = list(of_account)
        free = Send.objects.filter(pk__in=[send.pk for send in batch], claim__isnull=True, status=SendStatus.PENDING)
        free.update(status=SendStatus.FAILED, reason=Reason.EXPIRED, due_at=None)
        outbox.tell_of_sends(batch, SendStatus.FAILED, reason=Reason.EXPIRED, error={}, now=now)
    return rows.looked_at
