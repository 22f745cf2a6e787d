"""Celery tasks that delete old idempotency records and personal data."""

from celery import shared_task
from django.utils import timezone

from conversions import idempotency


@shared_task(name="conversions.purge_idempotency_records")
def purge_idempotency_records(**_from_a_newer_release: object) -> None:
    idempotency.purge(now=timezone.now())
