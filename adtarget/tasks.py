"""Celery's door to what concerns the whole house."""

from celery import shared_task
from django.utils import timezone

from adtarget import retention


@shared_task(name="adtarget.forget_old")
def forget_old(**_from_a_newer_release: object) -> None:
    retention.forget_old(timezone.now())
