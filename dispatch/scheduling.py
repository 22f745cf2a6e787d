"""Creates the sends of a conversion, and notifies workers after commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from adtarget.core.prepared import PreparedQuery
from conversions.models import Conversion
from dispatch.choices import Priority, Reason, SendStatus
from dispatch.events import outgoing_event
from dispatch.models import Pixel, Send
from dispatch.platforms.registry import PLATFORMS
from dispatch.ringing import ring
from leads.models import Site

_ACTIVE_PIXELS = PreparedQuery(lambda site_id: Pixel.objects.active().filter(site=site_id).order_by("created_at"), "")


def active_pixels(site: Site) -> list[Pixel]:
    """The site's pixels that take events: a paused one does, its sends wait; one of no known platform does not."""
    return [pixel for pixel in _ACTIVE_PIXELS(site.pk) if pixel.platform in PLATFORMS]


def schedule(
    conversion: Conversion,
    pixels: Sequence[Pixel],
    *,
    now: datetime,
    existing: Sequence[Send] = (),
    priority: Priority = Priority.FRESH,
) -> list[Send]:
    """Sends for each pixel that has something to attribute by; those now on their way.

    `existing` sends of the conversion are kept: a sent one stays sent, a
    failed or skipped one is due again while its pixel is active. Call inside
    the transaction that wrote the conversion.
    """
    has_one = {send.pixel_id for send in existing}
    rest = [pixel for pixel in pixels if pixel.pk not in has_one]
    fresh = new_sends(conversion, rest, priority=priority, now=now)
    Send.objects.bulk_create(fresh)
    active = {pixel.pk for pixel in pixels}
    known = [send for send in existing if send.pixel_id in active]
    for send in filter(may_revive, known):
        revive(send, priority=Priority.FRESH, now=now)
    return announce([*known, *fresh])


def announce(sends: Iterable[Send]) -> list[Send]:
    """Those of the sends that are on their way; a worker is told of them after the commit."""
    scheduled = [send for send in sends if send.status == SendStatus.PENDING]
    ring_after_commit(send.pixel_id for send in scheduled)
    return scheduled


def new_sends(
    conversion: Conversion, pixels: Sequence[Pixel], *, now: datetime, priority: Priority = Priority.FRESH
) -> list[Send]:
    """Unsaved sends for the pixels that have something to attribute the conversion by."""
    event = outgoing_event(conversion)
    fresh: list[Send] = []
    for pixel in pixels:
        pixel.site = conversion.site
        if PLATFORMS[pixel.platform].wants(event, pixel.config()):
            fresh.append(_new_send(conversion, pixel, priority, now=now))
    return fresh


#: What `make_due` changes.
DUE_COLUMNS = ("status", "reason", "priority", "due_at", "failures", "lost_leases")


def may_revive(send: Send) -> bool:
    """Whether a repeated event makes the send due again."""
    return send.status in (SendStatus.FAILED, SendStatus.SKIPPED) and send.reason != Reason.TEST_MODE


def revive(send: Send, *, priority: Priority, now: datetime) -> None:
    """Makes an ended send due again with the whole retry schedule before it; same event id."""
    make_due(send, priority=priority, now=now)
    send.save(update_fields=DUE_COLUMNS)


def make_due(send: Send, *, priority: Priority, now: datetime) -> None:
    """The same without saving it."""
    send.status, send.reason, send.priority, send.due_at = SendStatus.PENDING, "", priority, now
    send.failures = send.lost_leases = 0


def ring_after_commit(pixel_ids: Iterable[str]) -> None:
    for pixel_id in sorted(set(pixel_ids)):
        transaction.on_commit(partial(ring, pixel_id), robust=True)


def _new_send(conversion: Conversion, pixel: Pixel, priority: Priority, *, now: datetime) -> Send:
    send = Send(
        conversion=conversion, pixel=pixel, platform=pixel.platform, priority=priority, due_at=now, created_at=now
    )
    if conversion.is_test and not PLATFORMS[pixel.platform].takes_tests(pixel.config()):
        send.status, send.reason, send.due_at = SendStatus.SKIPPED, Reason.TEST_MODE, None
    return send
