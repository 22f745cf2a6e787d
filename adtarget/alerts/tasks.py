"""Celery tasks of alerts. Messages are hints: workers read what to do from the database."""

from celery import shared_task
from django.utils import timezone

from adtarget.alerts import telling, watching


@shared_task(name="alerts.watch")
def watch(**_from_a_newer_release: object) -> None:
    watching.watch(timezone.now())
    telling.tell_due(clock=timezone.now)


@shared_task(name="alerts.purge")
def purge(**_from_a_newer_release: object) -> None:
    watching.purge(timezone.now())
