"""How many visits a second the tracker takes, how long a tap on "Join" waits, and what visits cost the API.

    python -m benchmarks.tracker [--seconds 6] [--rounds 3]

Wants wrk and PostgreSQL's programs, or TEST_DATABASE_URL. Everything runs on
this machine, the load too. Rounds alternate with those of a bare ASGI view that
makes one insert by asyncpg: the ratio travels between machines.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bare_asgi
from benchmarks.measuring import Figure, Rounds, Send, paced, percentile, print_all, shown, wrk
from tests.faults.servers import FreePostgres
from tests.faults.stack import SIGNALS, Stack, account, free_port

SCRIPT_NEW = """
math.randomseed(os.time())
local run, n = math.random(2^31 - 1), 0
request = function()
  n = n + 1
  return wrk.format("POST", "/backend/track/init", {{["Content-Type"] = "text/plain",
    ["Origin"] = "https://acme.example", ["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"}},
    string.format('{{"websiteId":"{website}","tempId":"%08x-0000-4000-8000-%012x",'
      .. '"href":"https://acme.example/join?fbclid=IwAR0aBc%d&utm_source=fb&utm_campaign=spring",'
      .. '"fbp":"fb.1.1700000000000.%d","referrer":"https://l.facebook.com/"}}', run, n, n, n))
end
"""
SCRIPT_RETURNING = SCRIPT_NEW.replace("run, n, n, n", "7, n % 500, 7, 7").replace(
    '"referrer"', '"clientSessionId":"ses_1","referrer"'
)
LINKS = """
from django.utils import timezone
from datetime import timedelta
from leads.models import Channel
from tracker.models import Invite
now, channel = timezone.now(), Channel.objects.get()
Invite.objects.all().delete()
Invite.objects.bulk_create(
    Invite(channel=channel, link=f"https://t.me/+bench{{n}}", created_at=now, expires_at=now + timedelta(days=1))
    for n in range({count})
)
"""
UNLIMITED = dict.fromkeys(
    (
        "TRACKER_RATE_LIMIT_PER_ADDRESS",
        "TRACKER_RATE_LIMIT_PER_SITE",
        "INVITES_PER_ADDRESS",
        "INVITES_PER_ADDRESS_AND_DAY",
    ),
    "10000000",
)


def main() -> None:
    options = _options()
    print_all(measure(seconds=options.seconds, rounds=options.rounds))


def measure(*, seconds: int = 6, rounds: int = 3) -> Iterator[Figure]:
    """All figures of the tracker."""
    with tempfile.TemporaryDirectory() as name, _database(Path(name)) as database, _hanging_telegram() as telegram:
        settings = {**UNLIMITED, "TELEGRAM_API_URL": telegram}
        redis = os.environ.get("TEST_REDIS_URL", "")
        with Stack(Path(name), database=database, redis_url=redis, WEB_PROCESSES="2", **settings) as stack:
            _provision(stack)
            stack.start("web")
            yield from init_figures(stack, seconds=seconds, rounds=rounds)
            yield from invite_figures(stack, seconds=seconds)
            stack.kill("web")
            stack.env["WEB_PROCESSES"] = "1"
            stack.start("web")
            yield from api_beside_visits(stack, seconds=seconds, rounds=rounds)


def init_figures(stack: Stack, *, seconds: int, rounds: int) -> Iterator[Figure]:
    """`init` beside a bare ASGI view, and /healthz, which does nothing."""
    scripts = {"new": SCRIPT_NEW, "returning": SCRIPT_RETURNING}
    for name, text in scripts.items():
        (stack.folder / f"{name}.lua").write_text(text.format(website=stack.website_id))
    port, database = free_port(), stack.env["DATABASE_URL"]
    bare = bare_asgi.start(database, port)
    web = stack.processes["web"].pid
    found = {name: Rounds() for name in ("bare", *scripts)}
    try:
        servers = {"bare": (port, bare.pid, "new"), **{name: (stack.port, web, name) for name in scripts}}
        for number in range(rounds + 1):  # in turn, so that all meet the same weather; the first one warms up
            for name, (at, pid, script) in servers.items():
                load, length = ("-s", str(stack.folder / f"{script}.lua")), seconds if number else 1
                done = wrk(f"http://127.0.0.1:{at}", *load, seconds=length, web=pid, database=database)
                found[name].all += [done] if number else []
    finally:
        bare.terminate()
        bare.wait(timeout=20)
    yardstick = found["bare"].median("rate")
    yield Figure("bare ASGI + asyncpg, one insert", yardstick, "/s", detail=found["bare"].detail())
    for name in scripts:
        goal = "≥ 0.35" if name == "new" else ""
        ratio = found[name].median("rate") / yardstick
        yield Figure(f"init, {name} visitor, against bare ASGI", ratio, goal=goal, detail=found[name].detail())


def invite_figures(stack: Stack, *, seconds: int) -> Iterator[Figure]:
    """How long a tap waits, by a link of the pool and without one."""
    stack.manage("shell", "-c", LINKS.format(count=100 * seconds + 100))
    took = paced(stack.port, _invite(stack), rate=100, seconds=seconds)
    yield Figure("invite from the pool at 100/s, p99", percentile(took, 0.99), "ms", "≤ 10", shown(took))
    stack.manage("shell", "-c", LINKS.format(count=0))
    took = paced(stack.port, _invite(stack), rate=100, seconds=seconds)
    yield Figure("invite, pool empty, Telegram hanging, p99", percentile(took, 0.99), "ms", detail=shown(took))


def api_beside_visits(stack: Stack, *, seconds: int, rounds: int) -> Iterator[Figure]:
    """The API's p99 while one web process takes 300 visits a second, against its p99 alone."""
    alone, beside = [], []
    for _ in range(rounds):
        alone += paced(stack.port, _conversion(stack), rate=20, seconds=seconds)
        visits = threading.Thread(
            target=paced, args=(stack.port, _init(stack)), kwargs={"rate": 300, "seconds": seconds + 1}
        )
        visits.start()
        beside += paced(stack.port, _conversion(stack), rate=20, seconds=seconds)
        visits.join()
    quiet, busy = percentile(alone, 0.99), percentile(beside, 0.99)
    detail = f"alone {shown(alone)}; beside {shown(beside)}"
    yield Figure("API p99 beside 300 visits/s, one web, against alone", busy / quiet, goal="≤ 2", detail=detail)


# ------------------------------------------------------------------ load
def _init(stack: Stack) -> Send:
    def send(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        visitor = str(uuid.uuid4())
        told = {"websiteId": stack.website_id, "tempId": visitor, "href": f"https://acme.example/?gclid={visitor}"}
        connection.request("POST", "/backend/track/init", json.dumps(told), {"Content-Type": "text/plain"})
        return connection.getresponse()

    return send


def _conversion(stack: Stack) -> Send:
    people = itertools.count(time.time_ns() // 1_000_000)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {stack.token}"}
    event = {"websiteId": stack.website_id, "channelId": "-1001234567890", "eventType": "Lead", **SIGNALS}

    def send(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        told = json.dumps({**event, "telegramUserId": next(people)})
        connection.request("POST", "/api/v1/events/conversion", told, headers)
        return connection.getresponse()

    return send


def _invite(stack: Stack) -> Send:
    def send(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        path = f"/backend/track/invite?websiteId={stack.website_id}&tempId={uuid.uuid4()}&gclid=G"
        connection.request("GET", path)
        return connection.getresponse()

    return send


# ------------------------------------------------------------------ what it runs on
def _provision(stack: Stack) -> None:
    document = account(("meta",), meta_token="EAA-good")
    document["bots"] = [{"username": "acme_bot", "token": "42:AA-token"}]
    document["sites"][0]["channels"][0] |= {"bot": "acme_bot", "inviteLink": "https://t.me/+own"}
    facts = json.loads(stack.manage("provision", "-", stdin=json.dumps(document)))
    stack.website_id, stack.token = facts["sites"][0]["websiteId"], facts["apiKeys"][0]["token"]


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    if url := os.environ.get("TEST_DATABASE_URL", ""):
        yield url
        return
    folder.chmod(0o711)
    server = FreePostgres(folder, free_port())
    try:
        yield server.url
    finally:
        server.kill()


@contextlib.contextmanager
def _hanging_telegram() -> Iterator[str]:
    """Takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
