"""System checks: settings that contradict each other are reported by `manage.py check`, before any request."""

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError

from adtarget.core.private_files import is_open_to_others

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


@register(Tags.security, deploy=True)
def host_names_are_given(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Warning(
            "ALLOWED_HOSTS is *: links in mails lead wherever a forged Host header says.",
            hint="Name the hosts that AdTarget is reached by.",
            id="adtarget.W004",
        )
    ]


@register(Tags.security, deploy=True)
def trusted_proxies_are_few(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not any(network.prefixlen == 0 for network in _networks(settings.TRUSTED_PROXIES)):
        return []
    return [
        Warning(
            "TRUSTED_PROXIES holds every address: anybody chooses the address that limits and the audit trail see.",
            hint="Name the proxies' own addresses, such as 127.0.0.1.",
            id="adtarget.W005",
        )
    ]


@register(Tags.security)
def trusted_proxies_are_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    wrong = [text for text in settings.TRUSTED_PROXIES if not list(_networks([text]))]
    if not wrong:
        return []
    return [
        Error(
            f"TRUSTED_PROXIES holds {', '.join(wrong)}, which is no address and no network.",
            hint="Write addresses such as 127.0.0.1 or networks such as 10.0.0.0/24, separated by commas.",
            id="adtarget.E003",
        )
    ]


@register(Tags.security, deploy=True)
def redis_is_guarded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    address = urlsplit(settings.REDIS_URL)
    is_near = not settings.REDIS_URL or "unix" in address.scheme or _is_loopback(address.hostname or "localhost")
    if is_near or address.password:
        return []
    return [
        Warning(
            f"Redis on {address.hostname} needs no password: anybody who reaches it can change queue and limits.",
            hint="Set requirepass and write redis://:password@host:6379/0, or use a socket or a loopback address.",
            id="adtarget.W006",
        )
    ]


@register(Tags.security, deploy=True)
def data_folder_is_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not is_open_to_others(Path(settings.VAR_DIR)):
        return []
    return [
        Warning(
            f"Other users of this machine may read {settings.VAR_DIR}.",
            hint=f"chmod 700 {settings.VAR_DIR}",
            id="adtarget.W007",
        )
    ]


def _networks(texts: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The entries that are addresses or networks."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            continue
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    """Warns of a PostgreSQL that acknowledges commits before they are on disk. Runs with `check --database default`."""
    return [problem for alias in databases or () for problem in _volatile_settings(alias)]


def _volatile_settings(alias: str) -> list[CheckMessage]:
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return []
    return [
        Warning(
            f"PostgreSQL runs with {name} off: an accepted conversion may be lost with the power.",
            hint=f"Set {name} = on for this database.",
            id="adtarget.W003",
        )
        for name in _switched_off(connection)
    ]


def _switched_off(connection: BaseDatabaseWrapper) -> list[str]:
    """The settings without which PostgreSQL may lose a commit."""
    question = "SELECT name FROM pg_settings WHERE setting = 'off' AND name = ANY(%s) ORDER BY name"
    try:
        with connection.cursor() as cursor:
            cursor.execute(question, [["fsync", "full_page_writes", "synchronous_commit"]])
            return [name for (name,) in cursor.fetchall()]
    except OperationalError:
        return []
