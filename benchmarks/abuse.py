"""What real visitors get while somebody asks for links without end: from one address, a /64, or many addresses.

    python -m benchmarks.abuse [--seconds 600] [--rate 20] [--visitors 1] [--addresses 200] [--database URL]

Everything runs on this machine and speaks to loopback only; addresses come as X-Forwarded-For of a trusted proxy. The
channel is warm: its pool has what an hour of the same visitors asks for. Attackers view the page, wait a second, send
ids for the view and tap, each time as another visitor, half of them with a made-up click id.
"""

import argparse
import http.client
import itertools
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.stack import SIGNALS, Stack, account

OWN = "https://t.me/+own"
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"
PREPARE = """
from datetime import timedelta
from django.utils import timezone
from leads.models import Channel
from tracker.models import Invite, InvitePool
from tracker.supply import demand_of
now, channel = timezone.now(), Channel.objects.get()
Invite.objects.all().delete()
Invite.objects.bulk_create(
    Invite(channel=channel, bot=channel.bot, link=f"https://t.me/+past{{n}}", created_at=now, used_at=now,
           revoked_at=now, given_at=now - timedelta(seconds=n * 3600 / {hourly}), expires_at=now + timedelta(days=1))
    for n in range({hourly})
)
target = demand_of(channel.pk, now).target()
Invite.objects.bulk_create(
    Invite(channel=channel, bot=channel.bot, link=f"https://t.me/+free{{n}}", created_at=now,
           expires_at=now + timedelta(days=1))
    for n in range(target)
)
InvitePool.objects.update_or_create(channel=channel, defaults={{"target": target}})
print(target)
"""
SIZE = {
    "postgresql": "SELECT pg_database_size(current_database())",
    "sqlite": "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
}


@dataclass
class Tally:
    """What came back, written by many threads; list.append is atomic."""

    personal: list[bool] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main() -> None:
    options = _options()
    attacks: dict[str, Callable[[], Iterator[str]]] = {
        "nobody": lambda: iter(()),
        "one address": lambda: itertools.repeat("198.51.100.66"),
        "a /64": lambda: (f"2001:db8:bad:1::{n:x}" for n in itertools.count(1)),
        f"{options.addresses} addresses": lambda: (
            f"10.{n // 250}.{n % 250}.66" for n in itertools.cycle(range(options.addresses))
        ),
    }
    environment = {"TRUSTED_PROXIES": "127.0.0.1/32", "WEB_PROCESSES": "2"}
    with tempfile.TemporaryDirectory() as name:
        redis = os.environ.get("TEST_REDIS_URL", "")
        with Stack(Path(name), database=options.database, redis_url=redis, **environment) as stack:
            stack.sandbox.telegram.state.links_per_minute = options.links_per_minute
            _provision(stack)
            stack.start("web", "worker", "beat")
            for number, (attacker, addresses) in enumerate(attacks.items()):
                _measure(stack, attacker, addresses(), options, number)


def _measure(stack: Stack, attacker: str, addresses: Iterator[str], options: argparse.Namespace, number: int) -> None:
    target = stack.manage("shell", "-c", PREPARE.format(hourly=int(options.visitors * 3600))).split()[-1]
    before, tally, stop = _bytes(stack), Tally(), threading.Event()
    visitors = (f"172.{16 + number}.{n // 250}.{n % 250}" for n in itertools.count(1))
    threads = [
        *_paced(options.rate, lambda address: _attack(stack, address, tally), addresses, stop),
        *_paced(options.visitors, lambda address: _visit(stack, address, tally), visitors, stop),
        *_paced(options.events, lambda person: _event(stack, int(person), tally), map(str, itertools.count(1)), stop),
    ]
    time.sleep(options.seconds)
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    written = (_bytes(stack) - before) * 3600 / options.seconds / 1e6
    cuts = statistics.quantiles(tally.latency, n=100)
    share = 100 * sum(tally.personal) / max(1, len(tally.personal))
    print(
        f"{attacker:14} visitors {len(tally.personal):5} personal {share:5.1f} %   attacker {len(tally.taken):6} taps, "
        f"{sum(tally.taken):5} links   pool {target:>4}   {written:7.1f} MB/h   "
        f"API p50 {cuts[49] * 1000:5.1f} ms p99 {cuts[98] * 1000:6.1f} ms   failed {len(tally.failures)}",
        flush=True,
    )
    for failure in sorted(set(tally.failures))[:5]:
        print(f"  {failure}", flush=True)


# ------------------------------------------------------------------ who comes
def _visit(stack: Stack, address: str, tally: Tally) -> None:
    """A person from an ad: views the page and taps two seconds later."""
    visitor = str(uuid.uuid4())
    _post(stack, "init", address, visitor, href=f"https://acme.example/?gclid=Cj0{visitor}")
    time.sleep(2)
    tally.personal.append(_tap(stack, address, visitor) != OWN)


def _attack(stack: Stack, address: str, tally: Tally) -> None:
    visitor = str(uuid.uuid4())
    click = f"?gclid=Cj0{visitor}" if int(visitor[0], 16) % 2 else ""
    try:
        _post(
            stack,
            "init",
            address,
            visitor,
            href=f"https://acme.example/{click}",
            referrer="https://a.example/" + "x" * 900,
        )
        time.sleep(1.1)
        _post(stack, "update-fbp", address, visitor, fbp="fb.1.1700000000000.1")
        tally.taken.append(_tap(stack, address, visitor) != OWN)
    except RefusedError:
        tally.taken.append(False)  # the limit of requests: an attacker's fate


def _event(stack: Stack, person: int, tally: Tally) -> None:
    body = {"telegramUserId": time.time_ns() // 1000 % 10**12 + person, "websiteId": stack.website_id}
    body |= {"channelId": "-1001234567890", "eventType": "Lead", **SIGNALS}
    began = time.monotonic()
    answer = stack.post("/api/v1/events/conversion", body)
    if answer.status_code != 200:
        tally.failures.append(f"API {answer.status_code} {answer.text[:80]}")
    tally.latency.append(time.monotonic() - began)


class RefusedError(Exception):
    """The tracker refused a request."""


def _post(stack: Stack, path: str, address: str, visitor: str, **body: str) -> None:
    told = json.dumps({"websiteId": stack.website_id, "tempId": visitor, **body})
    _ask(stack, "POST", f"/backend/track/{path}", address, told)


def _tap(stack: Stack, address: str, visitor: str) -> str:
    query = f"/backend/track/invite?websiteId={stack.website_id}&tempId={visitor}"
    return _ask(stack, "GET", query, address, None).getheader("Location") or ""


def _ask(stack: Stack, method: str, path: str, address: str, body: str | None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=30)
    headers = {"X-Forwarded-For": address, "User-Agent": BROWSER, "Origin": "https://acme.example"}
    connection.request(method, path, body, headers | {"Content-Type": "text/plain"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status not in (200, 302):
        raise RefusedError(f"{path.partition('?')[0]} {answer.status}")
    return answer


def _paced(
    rate: float, act: Callable[[str], None], addresses: Iterator[str], stop: threading.Event
) -> list[threading.Thread]:
    """Begins an act at each tick, on as many threads as acts overlap; nothing where no address is left."""
    if rate <= 0:
        return []
    lock, tick = threading.Lock(), itertools.count()
    begin = time.monotonic()

    def work() -> None:
        while not stop.is_set():
            with lock:
                due, address = begin + next(tick) / rate, next(addresses, "")
            if not address or stop.wait(max(0.0, due - time.monotonic())):
                return
            act(address)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(max(2, int(rate * 3)))]
    for thread in threads:
        thread.start()
    return threads


# ------------------------------------------------------------------ what it runs on
def _provision(stack: Stack) -> None:
    document = account(("meta",), meta_token="EAA-good")
    document["bots"] = [{"username": "acme_bot", "token": "42:AA-token"}]
    document["sites"][0]["channels"][0] |= {"bot": "acme_bot", "inviteLink": OWN}
    facts = json.loads(stack.manage("provision", "-", stdin=json.dumps(document)))
    stack.website_id, stack.token = facts["sites"][0]["websiteId"], facts["apiKeys"][0]["token"]


def _bytes(stack: Stack) -> int:
    question = "from django.db import connection as c; r = c.cursor(); "
    question += f"r.execute({SIZE!r}[c.vendor]); print(r.fetchone()[0])"
    return int(stack.manage("shell", "-c", question).split()[-1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="length of each attack")
    parser.add_argument("--rate", type=float, default=20, help="the attacker's taps a second")
    parser.add_argument("--visitors", type=float, default=1, help="real visitors a second")
    parser.add_argument("--events", type=float, default=2, help="API events a second")
    parser.add_argument("--addresses", type=int, default=200, help="of the last attack")
    parser.add_argument("--links-per-minute", type=int, default=20, help="what Telegram allows a bot in a chat")
    parser.add_argument("--database", default="", help="PostgreSQL, empty: SQLite")
    return parser.parse_args()


if __name__ == "__main__":
    main()
