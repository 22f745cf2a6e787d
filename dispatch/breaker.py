"""Circuit breaker: failed requests in a row stop sending, one successful trial request resumes it.

The same rule runs twice: for a pixel, and for a platform over all its pixels.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from adtarget.core.prepared import PreparedQuery
from dispatch.choices import Priority
from dispatch.models import Pixel, PlatformHealth, Send
from dispatch.platforms.registry import PLATFORMS

OPENS_AT_PIXEL = 5  # failed requests in a row
OPENS_AT_PLATFORM = 20  # of any of its pixels, without one success between
LONGEST_HOLD = timedelta(minutes=5)

Breakers = tuple[Pixel, PlatformHealth]
_HEALTH = PreparedQuery(lambda platform: PlatformHealth.objects.filter(platform=platform), "")


def of(pixel: Pixel) -> Breakers:
    health = next(iter(_HEALTH(pixel.platform)), None)
    return pixel, health or PlatformHealth.objects.get_or_create(platform=pixel.platform)[0]


def is_open(breakers: Breakers, now: datetime) -> bool:
    return any(breaker.breaker_until is not None and breaker.breaker_until > now for breaker in breakers)


def needs_probe(breakers: Breakers) -> bool:
    """Whether the next request decides alone if the platform is back."""
    return any(breaker.breaker_until is not None for breaker in breakers)


def claim_probe(breakers: Breakers, *, now: datetime) -> bool:
    """Whether this worker makes the trial request; all others wait for a lease."""
    until = now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
    for breaker in breakers:
        if breaker.breaker_until is None:
            continue
        if not _row(breaker).filter(breaker_until=breaker.breaker_until).update(breaker_until=until):
            return False
        breaker.breaker_until = until
    return True


def note_failure(breakers: Breakers, *, asked: timedelta | None, now: datetime) -> None:
    """A request that the platform could not take. A wait it `asked` for holds the pixel that was asked."""
    pixel, health = breakers
    _count_failure(pixel, opens_at=OPENS_AT_PIXEL, at_least=asked or timedelta(), now=now)
    if PLATFORMS[pixel.platform].api_url:  # without, each pixel has an address of its own
        _count_failure(health, opens_at=OPENS_AT_PLATFORM, at_least=timedelta(), now=now)


def note_answer(breakers: Breakers, *, now: datetime) -> None:
    """Closes the breaker after an answer; waiting sends are due now."""
    for breaker in breakers:
        was_held = breaker.breaker_until is not None
        if not was_held and not breaker.breaker_failures:
            continue
        _row(breaker).update(breaker_failures=0, breaker_until=None)
        breaker.breaker_failures, breaker.breaker_until = 0, None
        if was_held:
            its = {"pixel": breaker} if isinstance(breaker, Pixel) else {"platform": breaker.pk}
            waiting = Send.objects.open().filter(priority=Priority.RETRY, claim__isnull=True, **its)
            waiting.filter(due_at__gt=now).update(due_at=now)


def _count_failure(breaker: Pixel | PlatformHealth, *, opens_at: int, at_least: timedelta, now: datetime) -> None:
    _row(breaker).update(breaker_failures=F("breaker_failures") + 1)
    breaker.refresh_from_db(fields=["breaker_failures"])
    hold = at_least
    if breaker.breaker_failures >= opens_at:
        doublings = min(breaker.breaker_failures - opens_at, 16)
        hold = max(hold, min(settings.DISPATCH_RETRY_SCHEDULE[0] * 2**doublings, LONGEST_HOLD))
    until = now + hold if hold else None
    if until is not None or breaker.breaker_until is not None:
        _row(breaker).update(breaker_until=until)
        breaker.breaker_until = until


def _row(breaker: Pixel | PlatformHealth) -> QuerySet[Any]:
    """Changes go by UPDATE: the instance may be older than the row."""
    return breaker._meta.default_manager.filter(pk=breaker.pk)  # type: ignore[union-attr]
