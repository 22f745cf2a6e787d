"""What `manage.py check` says about deployments that contradict themselves."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connection

pytestmark = pytest.mark.redis  # the checks ask for the mode

PROJECT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ALLOWED_HOSTS", ["*"], {"adtarget.W004"}),
        ("ALLOWED_HOSTS", ["ads.example", "*"], {"adtarget.W004"}),
        ("TRUSTED_PROXIES", ["0.0.0.0/0"], {"adtarget.W005"}),
        ("TRUSTED_PROXIES", ["127.0.0.1", "::/0"], {"adtarget.W005"}),
        ("TRUSTED_PROXIES", ["127.0.0.1", "10.0.0.0/24"], set()),
        ("TRUSTED_PROXIES", ["nginx"], {"adtarget.E003"}),
        ("REDIS_URL", "redis://10.0.0.5:6379/0", {"adtarget.W006"}),
        ("REDIS_URL", "redis://redis:6379/0", {"adtarget.W006"}),
        ("REDIS_URL", "redis://ada@redis:6379/0", {"adtarget.W006"}),
        ("REDIS_URL", "rediss://:secret@redis:6379/0", set()),
        ("REDIS_URL", "redis://localhost:6379/0", set()),
        ("REDIS_URL", "redis://[::1]:6379/0", set()),
        ("REDIS_URL", "unix:///run/redis/redis.sock?db=0", set()),
        ("REDIS_URL", "", set()),
    ],
)
def test_a_deployment_open_to_strangers_is_told(settings, name, value, expected) -> None:
    settings.ALLOWED_HOSTS, settings.SECRETS_ARE_GENERATED = ["ads.example"], False
    setattr(settings, name, value)

    assert ids(include_deployment_checks=True) == expected


def test_a_data_folder_open_to_others_is_told(settings, tmp_path) -> None:
    settings.SECRETS_ARE_GENERATED, settings.VAR_DIR = False, tmp_path
    tmp_path.chmod(0o750)

    assert ids(include_deployment_checks=True) == {"adtarget.W007"}


def deployment(folder: Path, **planted: str) -> subprocess.CompletedProcess[str]:
    """`check --deploy` with the environment that docs/deploying tells to write."""
    text = (PROJECT / "docs/deploying/README.md").read_text()
    block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert block
    documented = dict(re.findall(r"^\s*([A-Z_]+)=(\S+)", block[1], re.MULTILINE))
    documented |= {
        "SECRET_KEY": "kNf3lAq0PX8Zu1VqkTz7mS5wR2yH9cB4dJ6gLoIeUtYnQsWvMx1pFhG7",
        "FIELD_ENCRYPTION_KEY": "ZWFybGllci1yZWxlYXNlLWtleS1vZi0zMi1ieXRlcyE=",
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= documented | {"VAR_DIR": str(folder / "var"), "ENV_FILE": str(folder / ".env")} | planted
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.promise("S18")
@pytest.mark.processes
@pytest.mark.embedded
def test_a_deployment_by_the_documentation_has_no_issues(tmp_path) -> None:
    done = deployment(tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("System check identified no issues")


@pytest.mark.promise("S18")
@pytest.mark.processes
@pytest.mark.embedded
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", "true", "security.W018"),
        ("ALLOWED_HOSTS", "*", "adtarget.W004"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "adtarget.W005"),
        ("REDIS_URL", "redis://10.0.0.5:6379/0", "adtarget.W006"),
        ("SECURE_COOKIES", "false", "security.W012"),
        ("SECRET_KEY", "", "adtarget.W001"),
    ],
)
def test_one_mistake_in_a_documented_deployment_is_told(tmp_path, name, value, told) -> None:
    done = deployment(tmp_path, **{name: value})

    assert done.returncode == 1
    assert told in done.stderr


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
