"""Celery tasks of webhooks. Messages are hints: workers read what to do from the database."""

from collections.abc import Mapping

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from adtarget.core import doorbell, http
from adtarget.core.http_messages import HttpAnswer
from dispatch.lanes import Turn
from dispatch.tasks import LANES, is_stopping
from dispatch.webhooks import delivering, endpoints, targets


@shared_task(name="webhooks.deliver_due")
def deliver_due_messages(*, endpoint_id: str, **_from_a_newer_release: object) -> None:
    LANES.run(endpoint_id, "webhook", deliver_now)


@shared_task(name="webhooks.sweep")
def sweep(**_from_a_newer_release: object) -> None:
    for endpoint_id in delivering.due_endpoints(timezone.now()):
        doorbell.call("webhooks.deliver_due", endpoint_id=endpoint_id)


@shared_task(name="webhooks.purge")
def purge(**_from_a_newer_release: object) -> None:
    delivering.purge(timezone.now())
    endpoints.purge_deleted(timezone.now())


def deliver_now(endpoint_id: str) -> Turn:
    delivering.deliver_messages(endpoint_id, post=post, clock=timezone.now, is_stopping=is_stopping)
    return Turn()


def post(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
    """To the public internet only, unless WEBHOOKS_ALLOW_PRIVATE says otherwise."""
    return http.post(
        url,
        headers=headers,
        body=body,
        deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS,
        choose_address=targets.choose_any if settings.WEBHOOKS_ALLOW_PRIVATE else targets.choose_public,
    )
