"""An upgrade under traffic: visits are partitioned, made one table again and partitioned once more.

    TEST_DATABASE_URL=postgres://… python -m tests.faults.partitioning [--rows 1000000] [--release GIT_REF]

With `--release` the web process of that commit serves while `migrate` runs, then this tree's takes over. No request may
fail, no lock may be waited for longer than two seconds, and every visit that was answered must be there at the end.
"""

import argparse
import os
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import requests

from adtarget.core.ids import first_id_of_moment
from tests.faults.stack import DIES_WITH_US, PROCFILE, ROOT, Stack, free_port, run_manage, wait_for

MOST_WAIT = 2.0
WAITED = """
    SELECT max(extract(epoch FROM clock_timestamp() - waitstart)) FROM pg_locks
    WHERE NOT granted AND locktype = 'relation'
"""
AT_ONCE = 250_000


@dataclass
class Traffic:
    """Senders that ask as visitors and backends do, until `stop`; what was answered."""

    stack: Stack
    port: int
    pause: float = 0.02  # between two requests of one sender
    answers: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    slowest: float = 0.0
    has_stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        works = [self._come, self._come_back, self._tap, self._convert]
        self.threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.has_stopped.set()
        for thread in self.threads:
            thread.join()

    def _repeat(self, work: Callable[[random.Random], requests.Response]) -> None:
        dice = random.Random(work.__name__)
        while not self.has_stopped.is_set():
            begun = time.monotonic()
            try:
                answer = work(dice)
            except Exception as error:
                self.failed.append(f"{work.__name__}: {error!r}")
            else:
                self.answers[f"{work.__name__} {answer.status_code}"] += 1
                if answer.status_code >= 400:
                    self.failed.append(f"{work.__name__}: {answer.status_code} {answer.text[:200]}")
                elif "visitId" in answer.text:
                    self.visits.append(answer.json()["visitId"])
            self.slowest = max(self.slowest, time.monotonic() - begun)
            time.sleep(self.pause)

    def _come(self, dice: random.Random) -> requests.Response:
        return self._init(str(uuid.UUID(int=dice.getrandbits(128), version=4)), f"?fbclid=IwAR0{dice.random()}")

    def _come_back(self, dice: random.Random) -> requests.Response:
        return self._init(str(uuid.UUID(int=dice.randrange(50), version=4)), "")

    def _init(self, visitor: str, query: str) -> requests.Response:
        body = {"websiteId": self.stack.website_id, "tempId": visitor, "href": f"https://acme.example/{query}"}
        headers = {"Origin": "https://acme.example"}
        return requests.post(self._url("/backend/track/init"), json=body, headers=headers, timeout=30)

    def _tap(self, dice: random.Random) -> requests.Response:
        visitor = str(uuid.UUID(int=dice.randrange(50), version=4))
        query = {"websiteId": self.stack.website_id, "tempId": visitor, "format": "json"}
        return requests.get(self._url("/backend/track/invite"), params=query, timeout=30)

    def _convert(self, dice: random.Random) -> requests.Response:
        body = self.stack.lead(dice.randrange(1, 1000)) | {"orderId": str(dice.random())}
        headers = {"Authorization": f"Bearer {self.stack.token}"}
        return requests.post(self._url("/api/v1/events/conversion"), json=body, headers=headers, timeout=30)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@dataclass
class Watch:
    """Looks every few milliseconds how long somebody has waited for the lock of a table."""

    url: str
    longest: float = 0.0

    def __enter__(self) -> "Watch":
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._ends.wait(0.02):
                ((waited,),) = connection.execute(WAITED).fetchall()
                self.longest = max(self.longest, float(waited or 0))


def problems(stack: Stack, traffic: Traffic, watch: Watch) -> list[str]:
    """What must not have happened."""
    found = traffic.failed[:20]
    if watch.longest > MOST_WAIT:
        found.append(f"A lock was waited for {watch.longest:.2f} s.")
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT id FROM tracker_visit WHERE id = ANY(%s)", [traffic.visits]).fetchall()
    if lost := set(traffic.visits) - {row[0] for row in rows}:
        found.append(f"{len(lost)} visits are lost, among them {min(lost)}.")
    return found


# ------------------------------------------------------------------ the whole upgrade
def fill(url: str, website_id: str, rows: int) -> None:
    """Visits of the last 29 days, each with its session; a thousandth of them joined."""
    begins = datetime.now(UTC) - timedelta(days=29)
    moments = [begins + timedelta(minutes=28 * number) for number in range(1400)]
    times = [first_id_of_moment("", moment)[1:11] for moment in moments]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TEMP TABLE moments AS SELECT * FROM unnest(%s::timestamptz[], %s::text[]) m(at, time)",
            [moments, times],
        )
        ((site,),) = connection.execute("SELECT id FROM leads_site WHERE website_id = %s", [website_id]).fetchall()
        for done in range(0, rows, AT_ONCE):
            connection.execute(SESSIONS, {"site": site, "rows": min(AT_ONCE, rows - done)})
        connection.execute(_visits_of_sessions(connection))
        connection.execute("ANALYZE tracker_visit, tracker_trackingsession")


SESSIONS = """
    INSERT INTO tracker_trackingsession (id, site_id, temp_id, client_session_id, started_at, last_visit_at)
    SELECT 'ses_' || time || left(md5(random()::text), 16), %(site)s, gen_random_uuid(), '', at, at
    FROM (SELECT 1 + n %% 1400 AS row FROM generate_series(1, %(rows)s) n) numbers
    JOIN (SELECT row_number() OVER () AS row, * FROM moments) moments USING (row)
"""


def _visits_of_sessions(connection: "psycopg.Connection[Any]") -> str:
    """An INSERT that fills each column of a visit, whatever columns this release has."""
    known = {
        "id": "'vis_' || substr(id, 5)",
        "site_id": "site_id",
        "session_id": "id",
        "temp_id": "temp_id",
        "visited_at": "started_at",
        "url": "'https://acme.example/landing?utm_source=facebook'",
        "fbc": "'fb.1.1791990000123.IwAR0' || left(id, 20)",
        "user_agent": "repeat('Mozilla/5.0 ', 10)",
    }
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_name = 'tracker_visit' AND column_default IS NULL"
    ).fetchall()
    empty = {"jsonb": "'{}'", "boolean": "false"}
    values = {name: known.get(name, empty.get(kind, "''")) for name, kind in columns}
    names, made = ", ".join(values), ", ".join(values.values())
    return f"INSERT INTO tracker_visit ({names}) SELECT {made} FROM tracker_trackingsession"


@contextmanager
def serving(stack: Stack, root: Path) -> Iterator[int]:
    """The web process of a tree on a port of its own."""
    port = free_port()
    command = [sys.executable if part == "python" else part for part in shlex.split(PROCFILE["web"])]
    with (stack.folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [*DIES_WITH_US, *command], cwd=root, env=stack.env | {"PORT": str(port)}, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _answers(port), seconds=60)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def tree_of(release: str, folder: Path) -> Iterator[Path]:
    """The files of a commit."""
    tree = folder / "release"
    subprocess.run(["git", "worktree", "add", "-q", "--detach", str(tree), release], cwd=ROOT, check=True)
    try:
        yield tree
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


class Upgrade:
    """The steps, each told with the time it took."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def run(self, before: Path) -> list[str]:
        with serving(self.stack, before) as old, Watch(self.stack.env["DATABASE_URL"]) as watch:
            traffic = Traffic(self.stack, old)
            try:
                time.sleep(3)
                self.step("migrate", "migrate", "-v0")
                with serving(self.stack, ROOT) as new:
                    traffic.port = new
                    self.step("partitioned", "partition_tables")
                    time.sleep(3)
                    self.step("undone", "partition_tables", "--undo")
                    self.step("done again", "partition_tables")
                    time.sleep(3)
                    traffic.stop()
            finally:
                traffic.stop()
        print(dict(traffic.answers))
        print(f"slowest answer {traffic.slowest:.2f} s, longest wait for a table's lock {watch.longest:.2f} s")
        return problems(self.stack, traffic, watch)

    def step(self, name: str, *arguments: str) -> None:
        begun = time.monotonic()
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.stack.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)


def make_database(stack: Stack, tree: Path) -> None:
    """The tables as that tree has them, in place of those of this one."""
    with psycopg.connect(stack.server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{stack.database}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{stack.database}"')
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=tree, env=stack.env, check=True, capture_output=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--release", default="", help="A commit from before the partitions.")
    given = parser.parse_args()
    limits = {"TRACKER_RATE_LIMIT_PER_ADDRESS": "1000000", "VISITS_PER_SITE_AND_DAY": "100000000"}
    with tempfile.TemporaryDirectory() as name, Stack(Path(name), **limits) as stack:
        found = upgrade(stack, given.release or "HEAD", given.rows)
    print("\n".join(found) or "Nothing failed, nothing is lost.")
    sys.exit(bool(found))


def upgrade(stack: Stack, release: str, rows: int) -> list[str]:
    with tree_of(release, stack.folder) as tree:
        make_database(stack, tree)
        stack.provision("meta")
        give_channel_a_link(stack)
        with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
            ((kind,),) = connection.execute("SELECT relkind::text FROM pg_class WHERE oid = 'tracker_visit'::regclass")
        if kind == "p":
            run_manage(stack.env, "partition_tables", "--undo")
        fill(stack.env["DATABASE_URL"], stack.website_id, rows)
        print(f"{rows:,} visits filled", flush=True)
        return Upgrade(stack).run(tree)


def give_channel_a_link(stack: Stack) -> None:
    """So that taps lead somewhere without Telegram."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE leads_channel SET invite_link = 'https://t.me/+own'")


if __name__ == "__main__":
    if not os.environ.get("TEST_DATABASE_URL"):
        sys.exit("TEST_DATABASE_URL names the PostgreSQL server to use.")
    main()
