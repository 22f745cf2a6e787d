"""How long from the 2xx to the platform's receipt, and what one hanging platform costs the others.

    python -m benchmarks.latency [--rate 60] [--seconds 20]

Open loop: requests leave by the clock, whatever the answers do. The second
round lets Meta hang. Wants TEST_DATABASE_URL and TEST_REDIS_URL.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measuring import Figure, print_all
from tests.faults.stack import Stack, wait_for

PLATFORMS = ("meta", "tiktok", "snapchat", "google")


def main() -> None:
    options = _options()
    print_all(measure(rate=options.rate, seconds=options.seconds, redis=options.redis))


def measure(*, rate: int = 60, seconds: float = 20, redis: str | None = None) -> Iterator[Figure]:
    """Request to receipt, by platform, and what a hanging one costs the others."""
    environment = {"DISPATCH_LEASE_SECONDS": "60", "DISPATCH_ATTEMPT_SECONDS": "10"}
    redis = os.environ.get("TEST_REDIS_URL", "") if redis is None else redis
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), redis_url=redis, **environment) as stack:
        stack.provision(*PLATFORMS)
        stack.start("web", "worker", "beat")
        wait_for(lambda: "ready" in stack.log("worker"))
        _round(stack, rate=rate, seconds=3, first_person=1, platforms=PLATFORMS)  # warm
        normal = _round(stack, rate=rate, seconds=seconds, first_person=10**6, platforms=PLATFORMS)
        stack.sandbox.fault(kind="hang", platform="meta", params={"seconds": 15})
        others = PLATFORMS[1:]
        hanging = _round(stack, rate=rate, seconds=seconds, first_person=2 * 10**6, platforms=others)
    for platform in PLATFORMS:
        p50, p99 = (_share(normal[platform], share) for share in (0.5, 0.99))
        yield Figure(f"request to {platform}'s receipt at {rate}/s, p50", p50, "ms", "≤ 12")
        yield Figure(f"request to {platform}'s receipt at {rate}/s, p99", p99, "ms", "≤ 35")
        if platform in hanging:
            detail = f"p99 {_share(hanging[platform], 0.99):.0f} ms"
            ratio = _share(hanging[platform], 0.99) / p99
            yield Figure(f"{platform}'s p99 while Meta hangs", ratio, detail=detail)


def _round(
    stack: Stack, *, rate: int, seconds: float, first_person: int, platforms: tuple[str, ...]
) -> dict[str, list[float]]:
    """Milliseconds from answer to receipt, by platform."""
    answered: dict[str, float] = {}
    lock = threading.Lock()

    def post(person: int) -> None:
        told = stack.convert(person, gclid="Cj0KCQ")
        with lock:
            answered[told["eventId"]] = time.time()

    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=32) as threads:
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            threads.submit(post, first_person + number)
    wait_for(lambda: all(_received(stack, platform) >= set(answered) for platform in platforms), seconds=60)
    return {
        platform: [
            max(0.0, event["received_at"] - answered[event["event_id"]]) * 1000
            for event in stack.sandbox.events(platform=platform)
            if event["accepted"] and event["event_id"] in answered
        ]
        for platform in platforms
    }


def _received(stack: Stack, platform: str) -> set[str]:
    return set(stack.accepted_event_ids(platform))


def _share(times: list[float], share: float) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[int(share * 100) - 1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=60, help="conversions a second")
    parser.add_argument("--seconds", type=float, default=20, help="length of a round")
    parser.add_argument("--redis", default=os.environ.get("TEST_REDIS_URL", ""), help="default: TEST_REDIS_URL")
    return parser.parse_args()


if __name__ == "__main__":
    main()
