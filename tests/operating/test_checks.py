"""What `manage.py check` says about deployments that contradict themselves."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.db import connection


def ids(**options: object) -> set[str]:
    return {message.id for message in run_checks(**options) if message.id.startswith("adtarget.")}


def test_the_defaults_contradict_nothing() -> None:
    assert ids() == set()


def test_generated_secrets_are_refused_on_a_deployment_only(settings) -> None:
    settings.SECRETS_ARE_GENERATED = True

    assert "adtarget.W001" in ids(include_deployment_checks=True)
    assert "adtarget.W001" not in ids()


@pytest.mark.parametrize(
    ("debug", "hosts", "expected"),
    [
        (True, ["localhost", "127.0.0.1"], set()),
        (True, ["localhost", "shop.example"], {"adtarget.E001"}),
        (True, ["*"], {"adtarget.E001"}),
        (False, ["shop.example"], set()),
    ],
)
def test_debug_stays_on_this_machine(settings, debug, hosts, expected) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = debug, hosts

    assert ids() == expected


@pytest.mark.parametrize(("hours", "expected"), [(48, set()), (49, {"adtarget.W002"})])
def test_retries_may_not_outlive_the_platforms_memory(settings, hours, expected) -> None:
    settings.DISPATCH_RETRY_SCHEDULE = [timedelta(hours=hours)]

    assert ids() == expected


@pytest.mark.parametrize(("lease", "expected"), [(20, set()), (19, {"adtarget.E002"})])
def test_a_lease_outlives_its_attempt(settings, lease, expected) -> None:
    settings.DISPATCH_ATTEMPT_SECONDS, settings.DISPATCH_LEASE_SECONDS = 10, lease

    assert ids() == expected


@pytest.mark.django_db
def test_a_database_that_forgets_commits_is_told() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own settings")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")

    assert "adtarget.W003" in ids(databases=["default"])


@pytest.mark.processes
def test_a_worker_of_a_deployment_that_contradicts_itself_does_not_start(tmp_path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CELERY_SKIP_CHECKS"}
    environment |= {"DJANGO_SETTINGS_MODULE": "adtarget.settings", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "adtarget", "worker", "--pool", "threads"]

    ended = subprocess.run(
        command,
        env=environment | {"DISPATCH_LEASE_SECONDS": "5"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 1
    assert "adtarget.E002" in ended.stderr
