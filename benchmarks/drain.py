"""How fast a backlog leaves, at platforms that answer after 100 ms.

    python -m benchmarks.drain [--sends 20000] [--platforms meta] [--workers 1]

Figures to compare: 5,000 and 20,000 sends of one Meta pixel with one worker,
and 10,000 over four platforms with two (`--sends 10000 --workers 2 --platforms
meta tiktok snapchat google`). Wants TEST_DATABASE_URL and TEST_REDIS_URL.

Prints the CPU of the workers a send, and their resident memory at each tenth:
over 100,000 sends it has to be flat after the first ones (`--sends 100000`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measuring import Figure, cpu_seconds, print_all
from tests.faults.stack import PROCFILE, Stack, wait_for

SEED = """
import time
from django.utils import timezone
from conversions.models import Conversion
from dispatch.models import Pixel, Send
from leads.models import Lead, Site
now, site, count = timezone.now(), Site.objects.get(), {count}
channel, pixels = site.channels.get(), list(Pixel.objects.all())
signals = dict(fbc="fb.1.1791990000123.IwAR0aBc", client_ip="203.0.113.9", user_agent="Mozilla/5.0", gclid="Cj0K")
leads = Lead.objects.bulk_create(
    [Lead(site=site, telegram_user_id=number + 1, first_seen_at=now, last_seen_at=now) for number in range(count)],
    batch_size=1000,
)
conversions = Conversion.objects.bulk_create(
    [
        Conversion(
            account_id=site.account_id, site=site, channel=channel, lead=lead, telegram_user_id=lead.telegram_user_id,
            source="api", event_type="Lead", event_time=now, attributed_at=now, api_visit_override=signals,
            pii=dict(email="a" * 64, email_google="a" * 64),
        )
        for lead in leads
    ],
    batch_size=1000,
)
Send.objects.bulk_create(
    [
        Send(conversion=conversion, pixel=pixel, platform=pixel.platform, due_at=now, created_at=now)
        for conversion in conversions
        for pixel in pixels
    ],
    batch_size=1000,
)
"""


def main() -> None:
    options = _options()
    print_all(measure(options.sends, platforms=options.platforms, workers=options.workers, redis=options.redis))


def measure(
    sends: int = 20000, *, platforms: Sequence[str] = ("meta",), workers: int = 1, redis: str | None = None
) -> Iterator[Figure]:
    """The rate, the workers' CPU a send and their memory."""
    environment = {"DISPATCH_LEASE_SECONDS": "60", "DISPATCH_SWEEP_SECONDS": "5", "DISPATCH_ATTEMPT_SECONDS": "10"}
    redis = os.environ.get("TEST_REDIS_URL", "") if redis is None else redis
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), redis_url=redis, **environment) as stack:
        stack.provision(*platforms)
        stack.sandbox.latency_seconds, stack.sandbox.validates = 0.1, False
        stack.manage("shell", "-c", SEED.format(count=sends // len(platforms)))
        running = [_worker(stack, Path(folder), number) for number in range(workers)]
        try:
            yield from _drained(stack, [worker.pid for worker in running], sends // len(platforms) * len(platforms))
        finally:
            for worker in running:
                worker.kill()


def _drained(stack: Stack, workers: list[int], total: int) -> Iterator[Figure]:
    wait_for(lambda: _accepted(stack), seconds=60, every=0.01)
    started, already, cpu = time.monotonic(), _accepted(stack), cpu_seconds(workers)
    memory = []
    for tenth in range(1, 11):
        wait_for(lambda part=tenth: _accepted(stack) >= total * part // 10, seconds=120, every=0.05)
        memory.append(sum(map(_resident_megabytes, workers)))
    seconds, cpu = time.monotonic() - started, cpu_seconds(workers) - cpu
    stats = stack.sandbox.stats().values()
    requests, doubled = (sum(row[name] for row in stats) for name in ("requests", "duplicates"))
    detail = f"{total - already} in {seconds:.1f} s, {total / requests:.0f} events a request, {doubled} doubled"
    goal = "≥ 5000" if total >= 20000 else "≥ 4000"
    yield Figure(f"drain of {total} sends", (total - already) / seconds, "/s", goal, detail)
    shown = f"MB at each tenth: {' '.join(f'{figure:.0f}' for figure in memory)}"
    yield Figure("CPU of the workers a send", cpu / (total - already) * 1e6, "µs", "≤ 120", shown)


def _accepted(stack: Stack) -> int:
    return sum(row["accepted"] for row in stack.sandbox.stats().values())


def _resident_megabytes(pid: int) -> float:
    status = (Path("/proc") / str(pid) / "status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _worker(stack: Stack, folder: Path, number: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, *PROCFILE["worker"].split()[1:], "--hostname", f"worker{number}@localhost"]
    with (folder / f"worker{number}.log").open("wb") as log:
        return subprocess.Popen(command, env=stack.env, stdout=log, stderr=log)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sends", type=int, default=20000)
    parser.add_argument("--platforms", nargs="+", default=["meta"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--redis", default=os.environ.get("TEST_REDIS_URL", ""), help="default: TEST_REDIS_URL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
