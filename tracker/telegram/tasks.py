"""Celery tasks of the Telegram intake. Messages are hints: workers read what to do from the database."""

from celery import shared_task
from django.utils import timezone

from tracker import stays
from tracker.telegram import approvals, intake


@shared_task(name="tracker.work_updates")
def work_updates(**_from_a_newer_release: object) -> None:
    intake.work_due(timezone.now())


@shared_task(name="tracker.approve_join_requests")
def approve_join_requests(**_from_a_newer_release: object) -> None:
    approvals.approve_due(timezone.now())


@shared_task(name="tracker.qualify_stays")
def qualify_stays(**_from_a_newer_release: object) -> None:
    stays.qualify_stays(timezone.now())


@shared_task(name="tracker.purge_updates")
def purge_updates(**_from_a_newer_release: object) -> None:
    intake.purge(timezone.now())
