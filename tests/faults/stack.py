"""The product as processes: web, worker and beat of the Procfile against a sandbox, to be killed at will."""

import atexit
import contextlib
import functools
import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import requests

from adtarget.core import exact_json
from adtarget.sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line)
# An interrupted run leaves nothing behind.
DIES_WITH_US = ["setpriv", "--pdeathsig", "KILL"] if sys.platform == "linux" and shutil.which("setpriv") else []
SIGNALS = {
    "fbc": "fb.1.1791990000123.IwAR0aBc",
    "fbp": "fb.1.1791990000000.1116446470",
    "clientIp": "203.0.113.9",
    "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "eventSourceUrl": "https://acme.example/join",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(what: Callable[[], Any], *, seconds: float = 20, every: float = 0.1) -> Any:
    """The first true result, or a failure that shows the last one."""
    ends, result = time.monotonic() + seconds, None
    while time.monotonic() < ends:
        result = what()
        if result:
            return result
        time.sleep(every)
    raise AssertionError(f"Still {result!r} after {seconds} s.")


def run_manage(environment: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """The output of a `manage.py` command that must succeed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bare_environment(folder: Path) -> dict[str, str]:
    """This process' environment without what chooses settings, and nothing of the checkout's own var/ or .env."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    own = {"DJANGO_SETTINGS_MODULE": "adtarget.settings", "ENV_FILE": str(folder / "none"), "REDIS_URL": ""}
    return inherited | own | {"VAR_DIR": str(folder / "var")}


@functools.cache
def migrated_sqlite() -> Path:
    """An empty SQLite database, migrated once in each pytest process and copied by whoever needs one."""
    folder = Path(tempfile.mkdtemp(prefix="adtarget-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    run_manage(bare_environment(folder) | {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3"}, "migrate", "-v0")
    return folder / "db.sqlite3"


@functools.cache
def migrated_postgres(server: str) -> str:
    """The name of an empty, migrated database on the server: the template of all others there."""
    name = f"faults_template_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    with tempfile.TemporaryDirectory() as folder:
        run_manage(bare_environment(Path(folder)) | {"DATABASE_URL": on_server(server, name)}, "migrate", "-v0")
    atexit.register(drop_database, server, name)
    return name


def on_server(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def drop_database(server: str, name: str) -> None:
    """Does nothing where the server is gone already."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Stack:
    """`with Stack(folder) as stack:` migrated, and whatever `start` names is running.

    A `db.sqlite3` that lies in the folder already is migrated; else a migrated, empty database is copied.
    """

    def __init__(self, folder: Path, *, redis_url: str = "", database: str = "", **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log_begins: dict[str, int] = {}
        self.sandbox = Sandbox(port=0)
        self.server = database or os.environ.get("TEST_DATABASE_URL", "")
        self.database = ""  # its name on the server
        self._is_old = (folder / "db.sqlite3").exists()  # an earlier release's
        self.redis_url = redis_url
        self.environment = environment
        self.token = ""

    def __enter__(self) -> "Stack":
        self.sandbox.__enter__()
        self.env = {
            **bare_environment(self.folder),
            "DATABASE_URL": self._own_database(),
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "API_RATE_LIMIT_PER_MINUTE": "1000000",
            "API_RATE_LIMIT_BURST": "100000",
            "DISPATCH_RETRY_SCHEDULE": "0.3,0.3,0.3,0.5,0.5,1,1,1,2,2,2,2",
            "DISPATCH_LEASE_SECONDS": "4",
            "DISPATCH_SWEEP_SECONDS": "0.5",
            "DISPATCH_ATTEMPT_SECONDS": "2",
            "GOOGLE_OAUTH_URL": f"{self.sandbox.url}/token",
            **{f"{name}_API_URL": self.sandbox.url for name in ("META", "TIKTOK", "SNAPCHAT", "GOOGLE", "TELEGRAM")},
            **self.environment,
        }
        if self._is_old:
            self.manage("migrate", "-v0")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.sandbox.__exit__(None, None, None)
        if self.database:
            drop_database(self.server, self.database)

    def manage(self, *arguments: str, stdin: str = "") -> str:
        return run_manage(self.env, *arguments, stdin=stdin)

    def read_json(self, code: str) -> Any:
        """What `code` prints in `manage.py shell`."""
        return json.loads(self.manage("shell", "-v0", "-c", code))

    def provision(self, *platforms: str, meta_token: str = "EAA-good") -> None:
        """An account with a site, a channel, one pixel a platform and a key."""
        document = account(platforms or ("meta",), meta_token=meta_token)
        self.facts = json.loads(self.manage("provision", "-", stdin=json.dumps(document)))
        self.token = self.facts["apiKeys"][0].get("token") or self.token
        self.website_id = self.facts["sites"][0]["websiteId"]

    def start(self, *names: str, wait: bool = True) -> None:
        for name in names:
            command = [part if part != "python" else sys.executable for part in shlex.split(PROCFILE[name])]
            command = [*DIES_WITH_US, *command]
            with (self.folder / f"{name}.log").open("ab") as log:
                self._log_begins[name] = log.tell()
                self.processes[name] = subprocess.Popen(
                    command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
                )
        if wait and "web" in names:
            wait_for(self._answers, seconds=30, every=0.05)

    def restore(self) -> None:
        """For the next test of a shared stack: all processes run, nothing is on its way, the sandbox is as new."""
        self.sandbox.faults.replace()
        self.start(*(name for name in PROCFILE if name not in self.processes))
        wait_for(lambda: "ready" in self.log("worker"), every=0.05)
        wait_for(lambda: self._open_sends() == 0, every=0.05)
        self.sandbox.clear()
        self.sandbox.webhooks.secrets.clear()

    def _open_sends(self) -> int:
        query = "SELECT count(*) FROM dispatch_send WHERE status = 'pending'"
        url = self.env["DATABASE_URL"]
        connection = psycopg.connect(url) if self.server else sqlite3.connect(self.folder / "db.sqlite3")
        with contextlib.closing(connection):
            ((count,),) = connection.execute(query).fetchall()
        return int(count)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, *, seconds: float = 20) -> None:
        """The process and all it started, at once. Raises TimeoutExpired where it lives on for `seconds`."""
        process = self.processes[name]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait(timeout=seconds)
        del self.processes[name]

    def post(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        """`body` as JSON, in which a Decimal is a number with all its digits."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        text = exact_json.dumps(body)
        return requests.post(f"http://127.0.0.1:{self.port}{path}", data=text, headers=headers, timeout=30)

    def get(self, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30)

    def lead(self, person: int) -> dict[str, Any]:
        """The body of a Lead that all platforms but Google can attribute."""
        return {
            "telegramUserId": person,
            "websiteId": self.website_id,
            "channelId": "-1001234567890",
            "eventType": "Lead",
            **SIGNALS,
        }

    def convert(self, person: int, **more: Any) -> dict[str, Any]:
        """An accepted Lead of the person; the answer."""
        answer = self.post("/api/v1/events/conversion", self.lead(person) | more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def conversion(self, conversion_id: str) -> dict[str, Any]:
        return dict(self.get(f"/api/v1/conversions/{conversion_id}").json())

    def is_sent(self, conversion_id: str) -> bool:
        return all(send["status"] == "sent" for send in self.conversion(conversion_id)["sends"])

    def accepted_event_ids(self, platform: str = "meta") -> list[str]:
        """The event ids the platform took, one entry for each time it did."""
        return [event["event_id"] for event in self.sandbox.events(platform=platform) if event["accepted"]]

    def log(self, name: str) -> str:
        """What the process said since its last start."""
        return (self.folder / f"{name}.log").read_bytes()[self._log_begins[name] :].decode()

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _own_database(self) -> str:
        """The URL of an empty, migrated database that nobody else uses."""
        if self.server:
            self.database = f"faults_{os.getpid()}_{time.time_ns()}"
            template = migrated_postgres(self.server)
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"')
            return on_server(self.server, self.database)
        file = self.folder / "db.sqlite3"
        if not self._is_old:
            shutil.copy(migrated_sqlite(), file)
        return f"sqlite:///{file}"


def account(platforms: tuple[str, ...], *, meta_token: str) -> dict[str, Any]:
    pixels: dict[str, dict[str, Any]] = {
        "meta": {"pixelId": "1234567890", "accessToken": meta_token},
        "tiktok": {"pixelId": "C4ABCDEFGHIJKLMNOP", "accessToken": "tiktok-good"},
        "snapchat": {"pixelId": "0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f", "accessToken": "snap-good"},
        "google": {
            "pixelId": "1234567890",
            "options": {
                "conversionActions": {"Lead": "7654321", "Purchase": "7654322"},
                "credentials": {"clientId": "id", "clientSecret": "secret", "refreshToken": "good"},
            },
        },
    }
    return {
        "account": {"name": "Acme"},
        "sites": [
            {
                "domain": "acme.example",
                "name": "Acme",
                "pixels": [{"platform": platform, **pixels[platform]} for platform in platforms],
                "channels": [{"telegramChannelId": "-1001234567890", "title": "VIP", "default": True}],
            }
        ],
        "apiKeys": [{"name": "backend"}],
    }
