"""Random kills under load, then the account: nothing lost, nothing doubled, `audit_sends` content.

    python -m tests.faults.storm [--seconds 240] [--seed N]

With TEST_DATABASE_URL's programs at hand (`--postgres`) it runs its own
PostgreSQL and Redis and kills those too; else SQLite without a broker. The
seed is printed, so a bad night can be had again.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from tests.faults.servers import FreePostgres
from tests.faults.stack import SIGNALS, FreeRedis, Stack, free_port, wait_for

FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "params": {"status": 500}, "probability": 0.05},
    {"kind": "hang_after_processing", "params": {"seconds": 5}, "probability": 0.02},
    {"kind": "hang", "params": {"seconds": 5}, "probability": 0.02},
    {"kind": "cut", "probability": 0.03},
    {"kind": "empty200", "probability": 0.02},
    {"kind": "reset", "probability": 0.03},
    {"kind": "html200", "probability": 0.02},
]
PLATFORMS = ("meta", "tiktok", "snapchat", "google")


class Storm:
    """Load and kills against one stack, and what was promised meanwhile."""

    def __init__(self, stack: Stack, servers: dict[str, Any], *, seconds: float, dice: random.Random) -> None:
        self.stack, self.servers, self.dice = stack, servers, dice
        self.ends = time.monotonic() + seconds
        self.accepted: dict[str, str] = {}
        self.kills: Counter[str] = Counter()

    def run(self) -> None:
        senders = [threading.Thread(target=self._send, args=(number,)) for number in range(4)]
        for sender in senders:
            sender.start()
        while time.monotonic() < self.ends:
            time.sleep(self.dice.uniform(1, 4))
            self._kill_one()
        for sender in senders:
            sender.join()

    def _kill_one(self) -> None:
        name = self.dice.choice([*self.stack.processes, *self.servers])
        self.kills[name] += 1
        if name in self.servers:
            self.servers[name].kill()
            time.sleep(self.dice.uniform(0.2, 2))
            self.servers[name].start()
        else:
            self.stack.kill(name, how=self.dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            time.sleep(self.dice.uniform(0, 1))
            self.stack.start(name, wait=False)

    def _send(self, number: int) -> None:
        """Posts events one after another; a 2xx is a promise, anything else is none."""
        person = number * 10**9
        while time.monotonic() < self.ends:
            person += 1
            body = {
                "telegramUserId": person,
                "websiteId": self.stack.website_id,
                "channelId": "-1001234567890",
                "eventType": "Lead",
                "gclid": "Cj0KCQ",
                **SIGNALS,
            }
            try:
                answer = self.stack.post("/api/v1/events/conversion", body)
            except requests.RequestException:
                time.sleep(0.2)
                continue
            if answer.status_code == 200:
                told = answer.json()
                self.accepted[told["conversionId"]] = told["eventId"]
            time.sleep(0.1)


def judge(storm: Storm) -> list[str]:
    """What does not hold, once everything runs again and time was given."""
    stack = storm.stack
    expected = set(storm.accepted.values())
    wrong = [
        f"{platform}: {len(missing)} accepted events never arrived, such as {sorted(missing)[:3]}"
        for platform in PLATFORMS
        if (missing := _missing(stack, platform, expected, seconds=60))
    ]
    try:
        wait_for(lambda: not _open_sends(stack), seconds=60, every=1)
    except AssertionError:
        wrong.append(f"{_open_sends(stack)} sends are still open")
    done = subprocess.run(
        [sys.executable, "manage.py", "audit_sends"], env=stack.env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        wrong.append(f"audit_sends: {done.stdout}{done.stderr}")
    ghosts = _ghosts(stack)
    if ghosts:
        wrong.append(f"{ghosts} events arrived that no conversion stands behind")
    return wrong


def _missing(stack: Stack, platform: str, expected: set[str], *, seconds: float) -> set[str]:
    ends = time.monotonic() + seconds
    while (missing := expected - stack.sandbox.store.accepted_ids(platform)) and time.monotonic() < ends:
        time.sleep(1)
    return missing


def _open_sends(stack: Stack) -> int:
    return int(
        stack.manage("shell", "-v0", "-c", "from dispatch.models import Send; print(Send.objects.open().count())")
    )


def _ghosts(stack: Stack) -> int:
    """Event ids a platform took that are no conversion's: a new id per attempt would show here."""
    known = set(
        stack.manage(
            "shell",
            "-v0",
            "-c",
            "from conversions.models import Conversion as C; print(*C.objects.values_list('pk', flat=True))",
        ).split()
    )
    return sum(len(stack.sandbox.store.accepted_ids(platform) - known) for platform in PLATFORMS)


def main() -> None:
    options = _options()
    seed = options.seed or random.randrange(10**6)
    print(f"seed {seed}, {options.seconds} s, {'PostgreSQL and Redis' if options.postgres else 'SQLite'}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers: dict[str, Any] = {}
        if options.postgres:
            servers = {"postgres": FreePostgres(folder, free_port()), "redis": FreeRedis(folder, free_port())}
        try:
            _weather(folder, servers, seed=seed, seconds=options.seconds)
        finally:
            for server in servers.values():
                server.kill()


def _weather(folder: Path, servers: dict[str, Any], *, seed: int, seconds: float) -> None:
    redis_url = servers["redis"].url if servers else ""
    database = servers["postgres"].url if servers else ""
    with Stack(folder, redis_url=redis_url, database=database, DISPATCH_RETRY_SCHEDULE=",".join(["1"] * 60)) as stack:
        stack.provision(*PLATFORMS)
        for fault in FAULTS:
            stack.sandbox.fault(**fault)
        stack.start("web", "worker", "beat")
        storm = Storm(stack, servers, seconds=seconds, dice=random.Random(seed))
        storm.run()
        print(f"{len(storm.accepted)} accepted, kills {dict(storm.kills)}", flush=True)
        stack.sandbox.faults.replace()
        wrong = judge(storm)
        stats = stack.sandbox.stats()
        print("repeats with the same id: " + ", ".join(f"{one} {stats[one]['duplicates']}" for one in PLATFORMS))
        if wrong:
            for name in stack.processes:
                shutil.copy(stack.folder / f"{name}.log", Path(tempfile.gettempdir()) / f"storm-{name}.log")
    print("\n".join(wrong) or "Nothing lost, nothing doubled.")
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seed", type=int, default=0, help="0: any")
    parser.add_argument("--postgres", action="store_true", help="with a PostgreSQL and a Redis of its own")
    return parser.parse_args()


if __name__ == "__main__":
    main()
