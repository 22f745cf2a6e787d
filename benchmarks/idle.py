"""How much memory and CPU the product takes while nothing happens.

    python -m benchmarks.idle [--seconds 20]

Two trees: `manage.py run` (embedded), and web, worker and beat of the Procfile with
the database and Redis of TEST_DATABASE_URL and TEST_REDIS_URL, where they are set. RSS
counts a page once for each process that has it, PSS once in all.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, cpu_seconds, print_all, tree_of
from tests.faults.stack import Stack, wait_for
from tests.operating.tree import Tree

SETTLED_AFTER = 15.0  # seconds: what starts once has started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="how long CPU is counted")
    print_all(measure(seconds=parser.parse_args().seconds))


def measure(*, seconds: int = 20) -> Iterator[Figure]:
    """Memory and CPU of both trees."""
    yield from embedded(seconds=seconds)
    yield from production(seconds=seconds)


def embedded(*, seconds: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        tree = Tree(Path(name))
        try:
            wait_for(tree.is_ready, seconds=90)
            yield from _figures("embedded", {"tree": tree.supervisor.pid}, seconds=seconds, goal="≤ 220")
        finally:
            tree.stop()


def production(*, seconds: int) -> Iterator[Figure]:
    redis = os.environ.get("TEST_REDIS_URL", "")
    with tempfile.TemporaryDirectory() as name, Stack(Path(name), redis_url=redis) as stack:
        stack.env["DISPATCH_SWEEP_SECONDS"] = "5"
        stack.start("web", "worker", "beat")
        wait_for(lambda: "ready" in stack.log("worker"), seconds=60)
        for _ in range(8):
            stack.get("/api/v1/channels")  # as after the first requests
        pids = {process: stack.processes[process].pid for process in ("web", "worker", "beat")}
        yield from _figures("production", pids, seconds=seconds, goal="≤ 260")


def _figures(name: str, pids: dict[str, int], *, seconds: int, goal: str) -> Iterator[Figure]:
    time.sleep(SETTLED_AFTER)
    every = [pid for root in pids.values() for pid in tree_of(root)]
    before = cpu_seconds(every)
    time.sleep(seconds)
    used = cpu_seconds(every) - before
    detail = ", ".join(f"{_program(pid)} {_memory(pid)[0]:.0f}" for pid in every)
    rss, pss = (sum(_memory(pid)[kind] for pid in every) for kind in (0, 1))
    yield Figure(f"idle, {name} tree, RSS", rss, "MB", goal, f"PSS {pss:.0f} MB; {detail}")
    yield Figure(f"idle, {name} tree, of a core", 100 * used / seconds, "%", "≤ 0.5")


def _memory(pid: int) -> tuple[float, float]:
    """Resident and proportional memory of a process, in megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in lines}
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024


def _program(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    known = ("gunicorn", "adtarget.beat", "celery", "supervisor")
    return next((name for name in known if any(name in word for word in words)), words[0])


if __name__ == "__main__":
    main()
