"""Celery tasks of delivery. Messages are hints: workers read what to do from the database."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from adtarget.core import http
from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch import delivery, diagnostics, sending, sweeping
from dispatch.lanes import Lanes
from dispatch.models import Pixel
from dispatch.ringing import ring

LANES = Lanes(per_pixel=4, per_platform=max(4, settings.CELERY_WORKER_CONCURRENCY // 4))


@shared_task(name="dispatch.deliver_due")
def deliver_due_sends(*, pixel_id: str, **_from_a_newer_release: object) -> None:
    platform = Pixel.objects.filter(pk=pixel_id).values_list("platform", flat=True).first()
    if platform is not None:
        LANES.run(pixel_id, platform, deliver_now)


@shared_task(name="dispatch.sweep")
def sweep(**_from_a_newer_release: object) -> None:
    now = timezone.now()
    sweeping.settle_stranded(now)
    for pixel_id in sweeping.due_pixels(now):
        ring(pixel_id)


@shared_task(name="dispatch.ask_what_was_counted")
def ask_what_was_counted(**_from_a_newer_release: object) -> None:
    diagnostics.ask_due(get=get, clock=timezone.now)


def deliver_now(pixel_id: str) -> None:
    delivery.deliver_sends(pixel_id, post=post, clock=timezone.now)


def post(request: PreparedRequest) -> HttpAnswer:
    return sending.send(request)


def get(url: str, headers: dict[str, str]) -> HttpAnswer:
    return http.get(url, headers=headers, deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS)
