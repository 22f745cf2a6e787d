"""How many visits a second the tracker takes, how long a tap on "Join" waits, and what visits cost the API.

    python -m benchmarks.tracker [--seconds 6]

Wants wrk and PostgreSQL's programs, or TEST_DATABASE_URL. Everything runs on
this machine, the load too. `init` is also given as a share of what /healthz
reaches in the same run, which does nothing: that figure travels between machines.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import queue
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.servers import FreePostgres
from tests.faults.stack import SIGNALS, Stack, account, free_port

INIT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/backend/track/init", {{["Content-Type"] = "text/plain",
    ["Origin"] = "https://acme.example", ["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"}},
    string.format('{{"websiteId":"{website}","tempId":"%08x-0000-4000-8000-000000000000",'
      .. '"href":"https://acme.example/join?fbclid=IwAR0aBc%d&utm_source=fb&utm_campaign=spring",'
      .. '"fbp":"fb.1.1700000000000.%d","referrer":"https://l.facebook.com/"}}', n, n, n))
end
"""
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
    seconds = _options().seconds
    with tempfile.TemporaryDirectory() as name, _database(Path(name)) as database, _hanging_telegram() as telegram:
        settings = {**UNLIMITED, "TELEGRAM_API_URL": telegram, "WEB_PROCESSES": "2"}
        redis = os.environ.get("TEST_REDIS_URL", "")
        with Stack(Path(name), database=database, redis_url=redis, **settings) as stack:
            _provision(stack)
            stack.start("web")
            _report(stack, Path(name), seconds)


def _report(stack: Stack, folder: Path, seconds: int) -> None:
    script = folder / "init.lua"
    script.write_text(INIT.format(website=stack.website_id))
    idle, busy = [], []
    for _ in range(3):  # in turn, so that both meet the same weather
        idle.append(_wrk(stack, "/healthz", seconds=seconds))
        busy.append(_wrk(stack, "", "-s", str(script), seconds=seconds))
    ours, nothing = statistics.median(busy), statistics.median(idle)
    print(f"init                             {ours:6.0f}/s   {[round(figure) for figure in busy]}")
    print(f"  of what /healthz reaches       {ours / nothing:6.2f}")
    print(f"init at 200/s                    {_paced(stack, _init(stack), rate=200, seconds=seconds)}")
    print(f"POST conversion at 20/s          {_paced(stack, _conversion(stack), rate=20, seconds=seconds)}")
    spike = threading.Thread(target=_paced, args=(stack, _init(stack)), kwargs={"rate": 200, "seconds": seconds + 1})
    spike.start()
    print(f"  beside init at 200/s           {_paced(stack, _conversion(stack), rate=20, seconds=seconds)}")
    spike.join()
    stack.manage("shell", "-c", LINKS.format(count=100 * seconds + 100))
    print(f"invite from the pool at 100/s    {_paced(stack, _invite(stack), rate=100, seconds=seconds)}")
    stack.manage("shell", "-c", LINKS.format(count=0))
    print(f"  pool empty, Telegram hanging   {_paced(stack, _invite(stack), rate=100, seconds=seconds)}")


# ------------------------------------------------------------------ load
Send = Callable[[http.client.HTTPConnection], http.client.HTTPResponse]


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


def _paced(stack: Stack, send: Send, *, rate: int, seconds: int) -> str:
    """Requests by the clock; what each took from the moment it was due, whoever was late."""
    due: queue.SimpleQueue[float] = queue.SimpleQueue()
    begin = time.monotonic() + 0.2
    for n in range(rate * seconds):
        due.put(begin + n / rate)
    took: list[float] = []
    workers = [threading.Thread(target=_work, args=(stack.port, send, due, took)) for _ in range(24)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(took) == rate * seconds, f"{rate * seconds - len(took)} requests failed"
    cuts = statistics.quantiles(took, n=1000)
    return f"p50 {cuts[499] * 1000:5.1f} ms   p99 {cuts[989] * 1000:5.1f} ms   most {max(took) * 1000:6.1f} ms"


def _work(port: int, send: Send, due: "queue.SimpleQueue[float]", took: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.suppress(queue.Empty):
        while True:
            at = due.get_nowait()
            time.sleep(max(0.0, at - time.monotonic()))
            answer = send(connection)
            answer.read()
            if answer.status in (200, 302):
                took.append(time.monotonic() - at)
    connection.close()


def _wrk(stack: Stack, path: str, *more: str, seconds: int) -> float:
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", *more, f"http://127.0.0.1:{stack.port}{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index]


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
    return parser.parse_args()


if __name__ == "__main__":
    main()
