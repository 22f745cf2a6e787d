"""Celery's doors to what concerns the whole house."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from conversions import retention


@shared_task(name="adtarget.forget_old")
def forget_old(**_from_a_newer_release: object) -> None:
    retention.forget_old(timezone.now())
    SessionStore.clear_expired()


@shared_task(name="adtarget.analyze")
def analyze(**_from_a_newer_release: object) -> None:
    """SQLite counts its rows when it is told to; without that it takes wrong indexes. PostgreSQL does it by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit=1000")  # rows of each index, so that it takes milliseconds
            cursor.execute("ANALYZE")
