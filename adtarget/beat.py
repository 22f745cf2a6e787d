"""The Celery app as beat needs it: broker and schedule. Without Django behind it, beat takes half the memory."""

import os

from celery import Celery

from adtarget.core import transports  # noqa: F401  (importing it names them)

os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # set, it makes Celery set up Django

app = Celery("adtarget")
app.config_from_object("adtarget.settings", namespace="CELERY")
