"""Celery tasks of imports. A message may be lost, repeated or forged: rows say what is to do."""

from celery import shared_task
from django.utils import timezone

from adtarget.imports import asking, working


@shared_task(name="imports.work")
def work(*, import_id: str, **_from_a_newer_release: object) -> None:
    working.work_on(import_id, clock=timezone.now)


@shared_task(name="imports.sweep")
def sweep(**_from_a_newer_release: object) -> None:
    for import_id in working.waiting_imports(timezone.now()):
        working.work_on(import_id, clock=timezone.now)


@shared_task(name="imports.purge")
def purge(**_from_a_newer_release: object) -> None:
    asking.delete_old(timezone.now())
