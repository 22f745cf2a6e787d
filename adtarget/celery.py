"""The Celery app. Tasks are hints: workers read what to do from the database."""

import os
import sys
import warnings
from typing import Any

from celery import Celery, bootsteps

from adtarget.core import transports  # noqa: F401  (importing it names them)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
# Celery's advice against root is about pickle; we take JSON only, and a container's only user is often root.
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")

app = Celery("adtarget")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["tracker.telegram"])


class SystemCheck(bootsteps.Step):
    """Runs Django's system checks before a worker starts, as manage.py does."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        from django.core.checks import ERROR, run_checks  # Django is set up only now

        if "CELERY_SKIP_CHECKS" not in os.environ and (errors := [e for e in run_checks() if e.is_serious(ERROR)]):
            sys.exit("\n".join(map(str, errors)))


app.steps["worker"].add(SystemCheck)
app.steps["worker"].add("dispatch.patrol:Patrol")
