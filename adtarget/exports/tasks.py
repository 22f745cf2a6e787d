"""Celery tasks of exports. A message may be lost, repeated or forged: rows say what is to do."""

from celery import shared_task
from django.utils import timezone

from adtarget.exports import making


@shared_task(name="exports.make")
def make(*, export_id: str, **_from_a_newer_release: object) -> None:
    making.make(export_id, clock=timezone.now)


@shared_task(name="exports.sweep")
def sweep(**_from_a_newer_release: object) -> None:
    for export_id in making.waiting_exports(timezone.now()):
        making.make(export_id, clock=timezone.now)


@shared_task(name="exports.purge")
def purge(**_from_a_newer_release: object) -> None:
    making.delete_old(timezone.now())
