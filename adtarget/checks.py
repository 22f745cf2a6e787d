"""A deployment that contradicts itself is told so by `manage.py check`, before it serves a request."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.utils import OperationalError

LONGEST_SCHEDULE = timedelta(hours=48)
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1", ".localhost", "testserver"}


@register(Tags.security, deploy=True)
def secrets_are_given(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.SECRETS_ARE_GENERATED:
        return []
    return [
        Warning(
            "SECRET_KEY or FIELD_ENCRYPTION_KEY was generated and lies under VAR_DIR.",
            hint="Set both in the environment and keep FIELD_ENCRYPTION_KEY apart from the database's backups.",
            id="adtarget.W001",
        )
    ]


@register(Tags.security)
def debug_stays_at_home(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    strangers = set(settings.ALLOWED_HOSTS) - LOOPBACK
    if not (settings.DEBUG and strangers):
        return []
    return [
        Error(
            f"DEBUG is on while {', '.join(sorted(strangers))} may be asked for: tracebacks show secrets to anybody.",
            hint="Set DEBUG=false, or allow this machine only.",
            id="adtarget.E001",
        )
    ]


@register()
def retries_end_while_an_event_id_still_counts_once(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    total = sum(settings.DISPATCH_RETRY_SCHEDULE, timedelta())
    if total <= LONGEST_SCHEDULE:
        return []
    return [
        Warning(
            f"DISPATCH_RETRY_SCHEDULE lasts {total.total_seconds() / 3600:.1f} hours.",
            hint="Meta forgets an event id after 48 hours: later retries may count twice.",
            id="adtarget.W002",
        )
    ]


@register()
def a_lease_outlives_its_attempt(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DISPATCH_LEASE_SECONDS >= 2 * settings.DISPATCH_ATTEMPT_SECONDS:
        return []
    return [
        Error(
            f"DISPATCH_LEASE_SECONDS ({settings.DISPATCH_LEASE_SECONDS:g}) is less than twice "
            f"DISPATCH_ATTEMPT_SECONDS ({settings.DISPATCH_ATTEMPT_SECONDS:g}).",
            hint="A second worker would take up sends which the first still holds.",
            id="adtarget.E002",
        )
    ]


@register(Tags.database)
def committed_means_on_disk(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Runs with `check --database default` and before migrate; a sleeping database is not its business."""
    return [problem for alias in databases or () for problem in _volatile_settings(alias)]


def _volatile_settings(alias: str) -> list[CheckMessage]:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE setting = 'off' AND name = ANY(%s) ORDER BY name",
                [["fsync", "full_page_writes", "synchronous_commit"]],
            )
            names = [name for (name,) in cursor.fetchall()]
    except OperationalError:
        return []
    return [
        Warning(
            f"PostgreSQL runs with {name} off: an accepted conversion may be lost with the power.",
            hint=f"Set {name} = on for this database.",
            id="adtarget.W003",
        )
        for name in names
    ]
