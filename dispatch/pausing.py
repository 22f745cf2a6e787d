"""Pauses and resumes a pixel."""

from datetime import datetime
from functools import partial

from django.db import transaction

from dispatch.models import Pixel, Send
from dispatch.ringing import ring
from dispatch.webhooks import outbox


def pause(pixel: Pixel, *, code: str, message: str, now: datetime) -> None:
    """Stops sending to the pixel, with the reason; its sends wait as pending."""
    with transaction.atomic():
        is_news = Pixel.objects.filter(pk=pixel.pk, paused_at__isnull=True).update(
            paused_at=now, pause_code=code[:64], pause_message=message[:500]
        )
        if is_news:
            outbox.tell_of_pause(pixel, code=code[:64], message=message[:500], now=now)


def resume(pixel: Pixel, *, now: datetime) -> None:
    """Ends the pause; waiting sends are due now."""
    Pixel.objects.filter(pk=pixel.pk).update(
        paused_at=None, pause_code="", pause_message="", breaker_failures=0, breaker_until=None
    )
    Send.objects.open().filter(pixel=pixel, claim__isnull=True).update(due_at=now)
    transaction.on_commit(partial(ring, pixel.pk), robust=True)
