"""Celery tasks of the leads app."""

from celery import shared_task
from django.utils import timezone

from leads import unreadable


@shared_task(name="leads.recheck_unreadable_rows")
def recheck_unreadable_rows(**_from_a_newer_release: object) -> None:
    unreadable.recheck(timezone.now())
