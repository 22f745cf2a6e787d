"""Random kills under load, then the account: nothing lost, nothing doubled, `audit_sends` content.

Meanwhile webhooks are registered and deleted, pixels are switched off and on,
tokens are refused and pixels resumed, and leads are erased.

    python -m tests.faults.storm [--seconds 240] [--seed N] [--pause 0.1] [--postgres]

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

from adtarget.sandbox.store import Store
from adtarget.supervisor import GRACE
from tests.faults.meanwhile import People
from tests.faults.servers import FreePostgres, FreeRedis
from tests.faults.settlement import FACTS, PLATFORMS, Facts, Log, Promise, Receipt, Sent, settle, tracebacks
from tests.faults.stack import Stack, free_port, wait_for

FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "params": {"status": 500}, "probability": 0.05},
    {"kind": "hang_after_processing", "params": {"seconds": 5}, "probability": 0.02},
    {"kind": "hang", "params": {"seconds": 5}, "probability": 0.02},
    {"kind": "cut", "probability": 0.03},
    {"kind": "empty200", "probability": 0.02},
    {"kind": "reset", "probability": 0.03},
    {"kind": "html200", "probability": 0.02},
]
#: For a webhook any 200 says that the message was taken.
SAYS_200 = ("empty200", "html200")
#: How much is still on its way.
OPEN = """
from dispatch.models import Send
from dispatch.webhooks.models import WebhookMessage
print(Send.objects.open().count() + WebhookMessage.objects.filter(endpoint__is_active=True, status="pending").count())
"""


class Storm:
    """Load and kills against one stack while people change things, and what was promised meanwhile."""

    def __init__(self, stack: Stack, servers: dict[str, Any], *, seconds: float, seed: int, pause: float) -> None:
        self.stack, self.servers, self.dice, self.pause = stack, servers, random.Random(seed), pause
        self.log = Log()
        self.kills: Counter[str] = Counter()
        self.ends = time.monotonic() + seconds
        self.people = People(stack, self.log, ends=self.ends, seed=seed)

    def run(self) -> None:
        senders = [threading.Thread(target=self._send, args=(number,)) for number in range(4)]
        for sender in senders:
            sender.start()
        threads = [*senders, *self.people.start()]
        while time.monotonic() < self.ends:
            time.sleep(self.dice.uniform(1, 4))
            self._kill_one()
        for thread in threads:
            thread.join()

    def told(self) -> str:
        log = self.log
        return (
            f"{len(log.promises)} accepted, kills {dict(self.kills)}, {len(log.erased)} people erased, "
            f"{len(log.listeners)} webhooks registered and {len(log.deleted)} deleted, "
            f"{len(log.off)} times a pixel off and on, {log.refusals} tokens refused"
        )

    def _kill_one(self) -> None:
        name = self.dice.choice([*self.stack.processes, *self.servers])
        self.kills[name] += 1
        if name in self.servers:
            self.servers[name].kill()
            time.sleep(self.dice.uniform(0.2, 2))
            self.servers[name].start()
        else:
            self._stop(name, how=self.dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            time.sleep(self.dice.uniform(0, 1))
            self.stack.start(name, wait=False)

    def _stop(self, name: str, how: signal.Signals) -> None:
        """One that does not end when asked is killed after the supervisor's grace, as in production."""
        try:
            self.stack.kill(name, how=how, seconds=GRACE)
        except subprocess.TimeoutExpired:
            self.kills[f"{name} after its grace"] += 1
            self.stack.kill(name)

    def _send(self, number: int) -> None:
        """Posts events one after another; a 2xx is a promise, anything else is none."""
        person = (number + 1) * 10**9
        while time.monotonic() < self.ends:
            person += 1
            asked = time.time()
            try:
                answer = self.stack.post("/api/v1/events/conversion", self.stack.lead(person) | {"gclid": "Cj0KCQ"})
            except requests.RequestException:
                time.sleep(0.2)
                continue
            if answer.status_code == 200:
                told = answer.json()
                self.log.promises[told["conversionId"]] = Promise(told["eventId"], person, asked, time.time())
            time.sleep(self.pause)


def judge(storm: Storm) -> list[str]:
    """What does not hold, once everything runs again and time was given."""
    stack = storm.stack
    try:
        wait_for(lambda: _is_calm(storm), seconds=240, every=3)
    except AssertionError as error:
        print(error)  # the settlement names what is open
    done = subprocess.run(
        [sys.executable, "manage.py", "audit_sends"], env=stack.env, capture_output=True, text=True, check=False
    )
    wrong = list(storm.people.errors)
    if done.returncode:
        wrong.append(f"audit_sends: {done.stdout}{done.stderr}")
    wrong += settle(storm.log, _facts(stack), lease=float(stack.env["DISPATCH_LEASE_SECONDS"]))
    for name in stack.processes:
        output = (stack.folder / f"{name}.log").read_text(errors="replace")
        wrong += tracebacks(name, output, servers_are_killed=bool(storm.servers))
    return wrong


def _is_calm(storm: Storm) -> bool:
    """Whether no send and no webhook message is open, with all pixels on and resumed."""
    try:
        storm.people.calm()
    except requests.RequestException:
        return False
    return storm.stack.read_json(OPEN) == 0


def _facts(stack: Stack) -> Facts:
    rows = stack.read_json(FACTS)
    events = stack.sandbox.events()
    told = [event for event in events if event["platform"] == "webhook"]
    return Facts(
        conversions=rows["conversions"],
        leads=set(rows["leads"]),
        sends=[Sent(*row[:-1], [tuple(one) for one in row[-1]]) for row in rows["sends"]],
        messages=[tuple(row) for row in rows["messages"]],
        kept_of_erased=rows["kept_of_erased"],
        taken=Counter(
            (event["platform"], event["event_id"])
            for event in events
            if event["platform"] in PLATFORMS and event["accepted"] and not event["test"]
        ),
        receipts=[_receipt(event) for event in told if event["accepted"] or event["fault"] in SAYS_200],
        forged=sum(
            not check["ok"] for event in told for check in event["checks"] if check["field"] == "webhook-signature"
        ),
    )


def _receipt(event: dict[str, Any]) -> Receipt:
    data = event["event"]["body"].get("data", {})
    return Receipt(event["pixel"], event["event_id"], event["name"], data.get("sendId", ""), event["received_at"])


def main() -> None:
    options = _options()
    seed = options.seed or random.randrange(10**6)
    print(f"seed {seed}, {options.seconds} s, {'PostgreSQL and Redis' if options.postgres else 'SQLite'}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers: dict[str, Any] = {}
        if options.postgres:
            servers = {"postgres": FreePostgres(folder, free_port()), "redis": FreeRedis(folder, free_port())}
        try:
            _weather(folder, servers, seed=seed, seconds=options.seconds, pause=options.pause)
        finally:
            for server in servers.values():
                server.kill()


def _weather(folder: Path, servers: dict[str, Any], *, seed: int, seconds: float, pause: float) -> None:
    redis_url = servers["redis"].url if servers else ""
    database = servers["postgres"].url if servers else ""
    settings = {"DISPATCH_RETRY_SCHEDULE": ",".join(["1"] * 60), "WEBHOOKS_ALLOW_PRIVATE": "true"}
    with Stack(folder, redis_url=redis_url, database=database, **settings) as stack:
        stack.sandbox.store = Store(stack.sandbox.judges, most_events=10**6)
        stack.provision(*PLATFORMS)
        stack.start("web", "worker", "beat")
        for fault in FAULTS:
            stack.sandbox.fault(**fault)
        storm = Storm(stack, servers, seconds=seconds, seed=seed, pause=pause)
        storm.run()
        print(storm.told(), flush=True)
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
    parser.add_argument("--pause", type=float, default=0.1, help="of each of four senders between two events")
    parser.add_argument("--postgres", action="store_true", help="with a PostgreSQL and a Redis of its own")
    return parser.parse_args()


if __name__ == "__main__":
    main()
