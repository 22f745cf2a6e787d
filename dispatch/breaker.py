"""When to leave a pixel's platform alone: failed requests in a row open it, one probe closes it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from dispatch.choices import Priority
from dispatch.models import Pixel, Send

OPENS_AT = 5  # failed requests in a row
LONGEST_HOLD = timedelta(minutes=5)


def is_open(pixel: Pixel, now: datetime) -> bool:
    return pixel.breaker_until is not None and pixel.breaker_until > now


def needs_probe(pixel: Pixel) -> bool:
    """Whether the next request decides alone if the platform is back."""
    return pixel.breaker_until is not None


def claim_probe(pixel: Pixel, *, now: datetime) -> bool:
    """Of all workers one gets to probe; the others keep away for a lease."""
    until = now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
    mine = Pixel.objects.filter(pk=pixel.pk, breaker_until=pixel.breaker_until).update(breaker_until=until)
    pixel.breaker_until = until
    return bool(mine)


def note_failure(pixel: Pixel, *, asked: timedelta | None, now: datetime) -> None:
    """A request that the platform could not take: at five in a row, or when asked to wait, hold back."""
    Pixel.objects.filter(pk=pixel.pk).update(breaker_failures=F("breaker_failures") + 1)
    pixel.refresh_from_db(fields=["breaker_failures"])
    hold = asked or timedelta()
    if pixel.breaker_failures >= OPENS_AT:
        doublings = min(pixel.breaker_failures - OPENS_AT, 16)
        hold = max(hold, min(settings.DISPATCH_RETRY_SCHEDULE[0] * 2**doublings, LONGEST_HOLD))
    until = now + hold if hold else None
    if until is not None or pixel.breaker_until is not None:
        Pixel.objects.filter(pk=pixel.pk).update(breaker_until=until)
        pixel.breaker_until = until


def note_answer(pixel: Pixel, *, now: datetime) -> None:
    """The platform works: close, and let what waited for it go now."""
    if not pixel.breaker_failures and pixel.breaker_until is None:
        return
    was_held = pixel.breaker_until is not None
    Pixel.objects.filter(pk=pixel.pk).update(breaker_failures=0, breaker_until=None)
    pixel.breaker_failures, pixel.breaker_until = 0, None
    if was_held:
        waiting = Send.objects.open().filter(pixel=pixel, priority=Priority.RETRY, claim__isnull=True)
        waiting.filter(due_at__gt=now).update(due_at=now)
