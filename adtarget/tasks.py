"""Celery tasks that concern no single app."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from conversions import retention
from leads import invitations


@shared_task(name="adtarget.forget_old")
def forget_old(**_from_a_newer_release: object) -> None:
    retention.forget_old(timezone.now())
    SessionStore.clear_expired()
    invitations.forget_old(timezone.now())


@shared_task(name="adtarget.analyze")
def analyze(**_from_a_newer_release: object) -> None:
    """Updates SQLite's table statistics, without which it picks wrong indexes; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit=1000")  # rows of each index, so that it takes milliseconds
            cursor.execute("ANALYZE")
