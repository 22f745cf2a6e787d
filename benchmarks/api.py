"""How many conversions a second the API takes, one by one and in batches, beside two bare views.

    python -m benchmarks.api [--seconds 6] [--rounds 3]

The yardsticks are a bare Django view with the same three inserts and a bare ASGI view with one. Wants wrk, uvicorn,
asyncpg, TEST_DATABASE_URL (PostgreSQL) and TEST_REDIS_URL. Rounds alternate, so all sides meet the same weather.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bare_asgi
from benchmarks.measuring import Figure, Round, Rounds, print_all, wait_until_open, wrk
from tests.faults.stack import PROCFILE, SIGNALS, Stack, free_port

EVENTS_OF_A_BATCH = 500
KNOWN_PEOPLE = 500
UNLIMITED = {"API_BATCH_EVENTS_PER_MINUTE": "100000000", "API_BATCH_BURST": "10000000"}
_EVENT = (
    '\'{{"telegramUserId":%d,"websiteId":"{website}","channelId":"-1001234567890",\''
    ' .. \'"eventType":"Purchase","value":5,"currency":"EUR","orderId":"%d","fbc":"{fbc}",\''
    ' .. \'"fbp":"{fbp}","clientIp":"{clientIp}","userAgent":"{userAgent}",\''
    ' .. \'"eventSourceUrl":"{eventSourceUrl}","pii":{{"email":"ada@example.com"}}}}\''
)
_HEAD = (
    """
local n = {base}
local headers = {{["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json"}}
local function event(person, order) return string.format("""
    + _EVENT
    + """, person, order) end
"""
)
SINGLE = (
    _HEAD
    + """
request = function()
  n = n + 1
  return wrk.format("POST", "/api/v1/events/conversion", headers, event({person}, n))
end
"""
)
BATCH = (
    _HEAD
    + """
request = function()
  local events = {{}}
  for place = 1, {size} do
    n = n + 1
    events[place] = event(n, n)
  end
  return wrk.format("POST", "/api/v1/events/batch", headers, '{{"events":[' .. table.concat(events, ",") .. ']}}')
end
"""
)


def main() -> None:
    options = _options()
    print_all(measure(seconds=options.seconds, rounds=options.rounds))


def measure(*, seconds: int = 6, rounds: int = 3, redis: str | None = None) -> Iterator[Figure]:
    """New and known people and batches beside the yardsticks."""
    redis = os.environ.get("TEST_REDIS_URL", "") if redis is None else redis
    with tempfile.TemporaryDirectory() as name, Stack(Path(name), redis_url=redis, **UNLIMITED) as stack:
        stack.provision("meta")
        stack.start("web")
        yield from _figures(_measured(stack, seconds=seconds, rounds=rounds))


def _measured(stack: Stack, *, seconds: int, rounds: int) -> dict[str, Rounds]:
    """The rounds of each side, in turn."""
    database = stack.env["DATABASE_URL"]
    django, asgi = _start_django(stack), free_port()
    bare = bare_asgi.start(database, asgi)
    web = stack.processes["web"].pid
    sides = {
        "asgi": (asgi, bare.pid, "n"),
        "django": (django[1], django[0].pid, "n"),
        "new": (stack.port, web, "n"),
        "known": (stack.port, web, f"n % {KNOWN_PEOPLE} + 1"),
        "batch": (stack.port, web, ""),
    }
    found = {name: Rounds() for name in sides}
    try:
        for side in ("asgi", "django", "new", "known"):  # warms up, and makes the people known
            _run(stack, *sides[side], seconds=2, database=database)
        for _ in range(rounds):
            for name, side in sides.items():
                found[name].all.append(_run(stack, *side, seconds=seconds, database=database))
    finally:
        for process in (bare, django[0]):
            process.terminate()
            process.wait(timeout=20)
    return found


def _run(stack: Stack, port: int, pid: int, person: str, *, seconds: int, database: str) -> Round:
    """One round; without a person a round of batches."""
    script = stack.folder / "post.lua"
    base = random.randrange(10**14)
    values = {"token": stack.token, "website": stack.website_id, "base": base, **SIGNALS}
    text = SINGLE.format(**values, person=person) if person else BATCH.format(**values, size=EVENTS_OF_A_BATCH)
    script.write_text(text)
    return wrk(
        f"http://127.0.0.1:{port}",
        "-s",
        str(script),
        seconds=seconds,
        web=pid,
        database=database,
        connections=16 if person else 2,
    )


def _figures(found: dict[str, Rounds]) -> Iterator[Figure]:
    rate = {name: rounds.median("rate") for name, rounds in found.items()}
    yield Figure("bare ASGI + asyncpg, one insert", rate["asgi"], "/s", detail=found["asgi"].detail())
    yield Figure("bare Django, the same three inserts", rate["django"], "/s", detail=found["django"].detail())
    yield Figure("event of a new person", rate["new"], "/s", detail=found["new"].detail())
    yield Figure("event of a known person", rate["known"], "/s", detail=found["known"].detail())
    yield Figure("new person, against bare Django", rate["new"] / rate["django"], goal="≥ 1.2")
    yield Figure("new person, against bare ASGI", rate["new"] / rate["asgi"], goal="≥ 0.2")
    yield Figure("known person, against new person", rate["known"] / rate["new"], goal="≥ 0.85")
    yield Figure("CPU of web, new person", found["new"].median("web"), "ms", "≤ 1.3")
    yield Figure("CPU of web, known person", found["known"].median("web"), "ms", "≤ 1.6")
    batch = found["batch"]
    a_second = rate["batch"] * EVENTS_OF_A_BATCH
    detail = (
        f"CPU an event {batch.median('web') / EVENTS_OF_A_BATCH:.2f} ms web, "
        f"{batch.median('database') / EVENTS_OF_A_BATCH:.2f} ms database"
    )
    yield Figure("events of new people in batches of 500", a_second, "/s", "≥ 3000", detail)


def _start_django(stack: Stack) -> tuple["subprocess.Popen[bytes]", int]:
    port = free_port()
    command = [sys.executable, *PROCFILE["web"].split()[1:]]
    environment = {**stack.env, "PORT": str(port), "DJANGO_SETTINGS_MODULE": "benchmarks.bare_settings"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_open(port)
    return process, port


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
