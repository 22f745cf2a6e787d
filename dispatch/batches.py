"""Takes up a pixel's due sends batch after batch, where its breaker and its platform's quota let it."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from adtarget.core import rate_limit
from adtarget.core.prepared import PreparedQuery
from dispatch import breaker, claiming
from dispatch.delivery import Clock, Delivery, Post
from dispatch.models import Pixel
from dispatch.one_by_one import AT_ONCE, OneByOne
from dispatch.platforms.base import Platform
from dispatch.platforms.registry import PLATFORMS

_RUNNING_PIXEL = PreparedQuery(
    lambda pixel_id: Pixel.objects.active().select_related("site").filter(pk=pixel_id, paused_at__isnull=True), ""
)


def deliver_sends(pixel_id: str, *, post: Post, clock: Clock) -> int:
    """Sends everything that is due for the pixel, batch after batch; how many were taken up."""
    taken, limit = 0, settings.DISPATCH_BATCH_SIZE
    while batch := deliver_batch(pixel_id, limit=limit, post=post, clock=clock):
        taken += batch.size
        if not batch.more:
            break
        limit = min(batch.limit * 4, settings.DISPATCH_BATCH_SIZE)  # a platform that comes back is not flooded
    return taken


@dataclass(slots=True)
class Batch:
    """What was taken up at once: how many, at most how many, whether more may be due, and whether it was a trial."""

    size: int
    limit: int
    more: bool
    is_probe: bool


def deliver_batch(pixel_id: str, *, limit: int, post: Post, clock: Clock) -> Batch | None:
    """Sends at most `limit` due events of the pixel; None where nothing is due or may go."""
    pixel = next(iter(_RUNNING_PIXEL(pixel_id)), None)
    if pixel is None or pixel.platform not in PLATFORMS:
        return None
    platform, breakers = PLATFORMS[pixel.platform], breaker.of(pixel)
    if breaker.is_open(breakers, clock()):
        return None
    is_probe = breaker.needs_probe(breakers)
    is_counted = is_probe or platform.requests_per_minute is not None  # a request that finds nothing is not to be spent
    if (is_counted or connection.vendor == "sqlite") and not claiming.is_anything_due(pixel, now=clock()):
        return None
    if quota_is_used(platform) or (is_probe and not breaker.claim_probe(breakers, now=clock())):
        return None
    together = platform.batch_limit if platform.batch_limit > 1 else AT_ONCE
    limit = min(1 if is_probe else limit, together)
    sends = claiming.claim(pixel=pixel, limit=limit, max_age=platform.max_age, now=clock())
    if not sends:
        return None
    how = Delivery if platform.batch_limit > 1 else OneByOne
    more = how(pixel, platform, breakers, post=post, clock=clock).deliver(sends)
    return Batch(len(sends), limit, more, is_probe)


def quota_is_used(platform: Platform) -> bool:
    """Whether the platform's own limit on requests forbids another now; the next sweep asks again.

    Batches make a small quota carry thousands of events, fresh ones first.
    """
    limit = platform.requests_per_minute
    return limit is not None and rate_limit.take(f"platform:{platform.slug}", per_minute=limit, burst=10) > 0
