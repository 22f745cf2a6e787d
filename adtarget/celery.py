"""The Celery app and what runs by the clock. Celery decides when a worker looks; rows decide what it does."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")

app = Celery("adtarget")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("dispatch.patrol:Patrol")


def _every(seconds: float, task: str) -> dict[str, object]:
    """A schedule entry whose messages do not pile up while no worker runs."""
    return {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 1.0)}}


app.conf.beat_schedule = {
    "sweep": _every(settings.DISPATCH_SWEEP_SECONDS, "dispatch.sweep"),
    "purge-idempotency-records": _every(3600, "conversions.purge_idempotency_records"),
}
