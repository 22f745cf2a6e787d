"""Celery tasks of delivery. Messages are hints: workers read what to do from the database."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache, partial

from celery import shared_task
from celery.worker import state
from django.conf import settings
from django.db import connection
from django.utils import timezone

from adtarget.core import http
from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch import batches, diagnostics, sending, sweeping, turns
from dispatch.lanes import Lanes, Turn
from dispatch.models import Pixel
from dispatch.ringing import ring

#: Events of a backlog in one request while others' events are sent beside it.
BATCH_BESIDE_OTHERS = 200


def is_stopping() -> bool:
    """Whether this worker was asked to end: what is in flight is finished, nothing more is taken up."""
    return state.should_stop not in (None, False)


LANES = Lanes(
    per_pixel=4, per_platform=max(4, settings.CELERY_WORKER_CONCURRENCY // 4), for_backlogs=4, is_stopping=is_stopping
)
#: How many events a pixel may send at once that came back after a failure; absent: as many as fit.
_coming_back: dict[str, int] = {}


@shared_task(name="dispatch.deliver_due")
def deliver_due_sends(*, pixel_id: str, also: Sequence[str] = (), **_from_a_newer_release: object) -> None:
    """Delivers for the pixel, and in threads beside it for those that were named with it."""
    with ExitStack() as all_done:
        for other in also:
            all_done.callback(_helpers().submit(_deliver_in_helper, other).result)
        _deliver(pixel_id)


@shared_task(name="dispatch.sweep")
def sweep(**_from_a_newer_release: object) -> None:
    now = timezone.now()
    sweeping.settle_stranded(now)
    for pixel_id in sweeping.due_pixels(now):
        ring(pixel_id)


@shared_task(name="dispatch.ask_what_was_counted")
def ask_what_was_counted(**_from_a_newer_release: object) -> None:
    diagnostics.ask_due(get=get, clock=timezone.now)


def deliver_now(pixel_id: str) -> Turn:
    """One batch of the pixel. A full one asks further workers to help with the backlog."""
    most = settings.DISPATCH_BATCH_SIZE
    if LANES.is_shared():
        most = min(most, BATCH_BESIDE_OTHERS)
    limit = min(_coming_back.pop(pixel_id, most), most)
    batch = batches.deliver_batch(pixel_id, limit=limit, post=post, clock=timezone.now)
    if batch is None:
        return Turn()
    if batch.is_probe or limit < most:  # a platform that comes back is not flooded
        _coming_back[pixel_id] = batch.limit * 4
    is_full = batch.more and batch.size == batch.limit and not batch.is_probe
    if is_full and not LANES.is_shared():
        ring(pixel_id)
    return Turn(batch.size, batch.more, is_full)


def post(request: PreparedRequest) -> HttpAnswer:
    return sending.send(request)


def get(url: str, headers: dict[str, str]) -> HttpAnswer:
    return http.get(url, headers=headers, deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS)


def _deliver(pixel_id: str) -> None:
    if platform := _platform_of(pixel_id):
        choose = partial(_whose_turn, platform)
        LANES.run(pixel_id, platform, deliver_now, choose)


def _whose_turn(platform: str, without: Sequence[str]) -> str:
    return turns.take_turn(platform, without=without, now=timezone.now())


def _deliver_in_helper(pixel_id: str) -> None:
    try:
        _deliver(pixel_id)
    finally:
        connection.close()


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=settings.CELERY_WORKER_CONCURRENCY, thread_name_prefix="delivery")


_platforms: dict[str, str] = {}


def _platform_of(pixel_id: str) -> str:
    """The slug of the pixel's platform, which never changes; '' of an unknown pixel."""
    if pixel_id not in _platforms:
        found = Pixel.objects.filter(pk=pixel_id).values_list("platform", flat=True).first()
        if found is None:
            return ""
        if len(_platforms) > 10_000:
            _platforms.clear()
        _platforms[pixel_id] = found
    return _platforms[pixel_id]
