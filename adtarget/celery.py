"""The Celery app; what runs by the clock is in settings. Celery decides when a worker looks, rows what it does."""

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
# Celery's advice against root is about pickle; we take JSON only, and a container's only user is often root.
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")

app = Celery("adtarget")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["tracker.telegram"])
app.steps["worker"].add("dispatch.patrol:Patrol")
