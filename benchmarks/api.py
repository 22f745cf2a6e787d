"""How many conversions a second the API takes, beside a bare Django view with the same inserts.

    python -m benchmarks.api [--seconds 6] [--rounds 3]

Wants wrk and, for figures that mean something, TEST_DATABASE_URL (PostgreSQL)
and TEST_REDIS_URL. Rounds alternate, so both sides meet the same weather.
"""

import argparse
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.stack import PROCFILE, SIGNALS, Stack, free_port, wait_for

SCRIPT = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/v1/events/conversion",
    {{["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json"}},
    string.format('{{"telegramUserId":%d,"websiteId":"{website}","channelId":"-1001234567890","eventType":"Lead",'
      .. '"fbc":"{fbc}","fbp":"{fbp}","clientIp":"{clientIp}","userAgent":"{userAgent}",'
      .. '"eventSourceUrl":"{eventSourceUrl}","pii":{{"email":"ada@example.com"}}}}', {base} + n))
end
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), redis_url=options.redis) as stack:
        stack.provision("meta")
        stack.start("web")
        bare = _start_bare(stack)
        try:
            figures: dict[str, list[float]] = {"ours": [], "bare": []}
            for _ in range(options.rounds):
                for name, port in (("bare", bare[1]), ("ours", stack.port)):
                    figures[name].append(_measure(stack, Path(folder), port, options.seconds))
        finally:
            bare[0].kill()
    ours, yardstick = (statistics.median(figures[name]) for name in ("ours", "bare"))
    print(f"POST /events/conversion  {ours:7.0f}/s   {figures['ours']}")
    print(f"bare view, same inserts  {yardstick:7.0f}/s   {figures['bare']}")
    print(f"ratio                    {ours / yardstick:7.2f}")


def _start_bare(stack: Stack) -> tuple["subprocess.Popen[bytes]", int]:
    port = free_port()
    command = [sys.executable, *PROCFILE["web"].split()[1:]]
    environment = {**stack.env, "PORT": str(port), "DJANGO_SETTINGS_MODULE": "benchmarks.bare_settings"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: _is_open(port), seconds=30)
    return process, port


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _measure(stack: Stack, folder: Path, port: int, seconds: int) -> float:
    script = folder / "post.lua"
    base = random.randrange(10**14)
    script.write_text(SCRIPT.format(token=stack.token, website=stack.website_id, base=base, **SIGNALS))
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    slowest = re.search(r"99%\s+(\S+)", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert slowest, done.stdout
    assert rate, done.stdout
    print(f"port {port}: {rate[1]}/s, 99 % within {slowest[1]}", file=sys.stderr)
    return float(rate[1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--redis", default=os.environ.get("TEST_REDIS_URL", ""), help="default: TEST_REDIS_URL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
