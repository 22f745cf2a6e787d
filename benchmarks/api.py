"""How many conversions a second the API takes, beside two yardsticks that make the same inserts, or one.

    python -m benchmarks.api [--seconds 6] [--rounds 3]

The yardsticks are a bare Django view with the same three inserts and a bare ASGI view
with one. Wants wrk and, for figures that mean something, TEST_DATABASE_URL (PostgreSQL)
and TEST_REDIS_URL. Rounds alternate, so that all meet the same weather.
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
from benchmarks.measuring import Figure, Rounds, print_all, wait_until_open, wrk
from tests.faults.stack import PROCFILE, SIGNALS, Stack, free_port

SCRIPT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/v1/events/conversion",
    {{["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json"}},
    string.format('{{"telegramUserId":%d,"websiteId":"{website}","channelId":"-1001234567890","eventType":"Lead",'
      .. '"fbc":"{fbc}","fbp":"{fbp}","clientIp":"{clientIp}","userAgent":"{userAgent}",'
      .. '"eventSourceUrl":"{eventSourceUrl}","pii":{{"email":"ada@example.com"}}}}', {base} + n{among}))
end
"""


KNOWN = 500  # people whom the API has seen before


def main() -> None:
    options = _options()
    print_all(measure(seconds=options.seconds, rounds=options.rounds, redis=options.redis))


def measure(*, seconds: int = 6, rounds: int = 3, redis: str | None = None) -> Iterator[Figure]:
    """New and known people beside the yardsticks."""
    redis = os.environ.get("TEST_REDIS_URL", "") if redis is None else redis
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), redis_url=redis) as stack:
        stack.provision("meta")
        stack.start("web")
        database, port = stack.env["DATABASE_URL"], free_port()
        django, django_port = _start_bare(stack)
        asgi = bare_asgi.start(database, port)
        servers = {
            "bare Django, 3 inserts": (django.pid, django_port, "new"),
            "bare ASGI, 1 insert": (asgi.pid, port, "new"),
            "new person": (stack.processes["web"].pid, stack.port, "new"),
            "known person": (stack.processes["web"].pid, stack.port, "known"),
        }
        found = {name: Rounds() for name in servers}
        try:
            for number in range(rounds + 1):  # the first one warms up
                for name, (pid, at, people) in servers.items():
                    script = ("-s", str(_script(stack, people)))
                    url = f"http://127.0.0.1:{at}"
                    done = wrk(url, *script, seconds=seconds if number else 1, web=pid, database=database)
                    found[name].all += [done] if number else []
        finally:
            django.kill()
            asgi.kill()
        yield from _figures(found)


def _figures(found: dict[str, Rounds]) -> Iterator[Figure]:
    rate = {name: rounds.median("rate") for name, rounds in found.items()}
    new, known = found["new person"], found["known person"]
    for name in list(found)[:2]:
        yield Figure(name, rate[name], "/s", detail=found[name].detail())
    against = rate["new person"] / rate["bare Django, 3 inserts"]
    yield Figure("conversion of a new person, against bare Django", against, goal="≥ 1.2", detail=new.detail())
    against = rate["new person"] / rate["bare ASGI, 1 insert"]
    yield Figure("conversion of a new person, against bare ASGI", against, goal="≥ 0.2")
    against = rate["known person"] / rate["new person"]
    yield Figure("conversion of a known person, against a new one", against, goal="≥ 0.85", detail=known.detail())
    yield Figure("CPU of web a conversion, new person", new.median("web"), "ms", "≤ 1.3")
    yield Figure("CPU of web a conversion, known person", known.median("web"), "ms", "≤ 1.6")


def _script(stack: Stack, people: str) -> Path:
    """A script for wrk: people never seen before, or the same few all the time."""
    script = stack.folder / f"{people}.lua"
    base, among = (random.randrange(10**14), "") if people == "new" else (7, f" % {KNOWN}")
    text = SCRIPT.format(token=stack.token, website=stack.website_id, base=base, among=among, **SIGNALS)
    script.write_text(text)
    return script


def _start_bare(stack: Stack) -> tuple["subprocess.Popen[bytes]", int]:
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
    parser.add_argument("--redis", default=os.environ.get("TEST_REDIS_URL", ""), help="default: TEST_REDIS_URL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
