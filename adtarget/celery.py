"""The Celery app; what runs by the clock is in settings. Celery decides when a worker looks, rows what it does."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")

app = Celery("adtarget")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("dispatch.patrol:Patrol")
