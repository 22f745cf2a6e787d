"""Celery tasks of daily reports. A message may be lost or repeated: rows say what is to do."""

from celery import shared_task
from django.utils import timezone

from adtarget.reports import building


@shared_task(name="reports.count")
def count(**_from_a_newer_release: object) -> None:
    building.count_days(timezone.now())
