"""What the benchmarks share: a figure, load by wrk and by the clock, and the CPU that processes use."""

import contextlib
import http.client
import os
import queue
import re
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
Send = Callable[[http.client.HTTPConnection], http.client.HTTPResponse]


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. Ratios of one run travel between machines, absolute figures do not."""

    name: str
    value: float
    unit: str = "×"
    goal: str = ""  # such as "≥ 0.35"
    detail: str = ""

    def is_reached(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if not self.goal:
            return None
        sign, _, bound = self.goal.partition(" ")
        return self.value >= float(bound) if sign == "≥" else self.value <= float(bound)

    def line(self) -> str:
        mark = {None: "", True: "reached", False: "missed"}[self.is_reached()]
        value = f"{self.value:.2f}" if self.value < 100 else f"{self.value:.0f}"
        return f"{self.name:58} {value:>8} {self.unit:8} {self.goal:10} {mark:8} {self.detail}".rstrip()


def print_all(figures: Iterable[Figure]) -> None:
    for figure in figures:
        print(figure.line(), flush=True)


# ------------------------------------------------------------------ CPU
def tree_of(pid: int) -> list[int]:
    """The process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    with contextlib.suppress(OSError):
        for child in children.read_text().split():
            found += tree_of(int(child))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that the processes have used so far."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def backends_of(database: str) -> list[int]:
    """The processes of PostgreSQL that serve a database; none where it is another machine's or SQLite."""
    if not database.startswith("postgres"):
        return []
    with psycopg.connect(database) as connection:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return [pid for (pid,) in connection.execute(asked) if Path(f"/proc/{pid}").exists()]


@dataclass(slots=True)
class Round:
    """One round of load against one server: how many a second, and the CPU of a request in milliseconds."""

    rate: float
    web: float
    database: float
    p99: float = 0.0


@dataclass(slots=True)
class Rounds:
    """Several rounds against the same server, taken in turn with others."""

    all: list[Round] = field(default_factory=list)

    def median(self, name: str) -> float:
        return statistics.median(getattr(one, name) for one in self.all)

    def detail(self) -> str:
        return (
            f"{self.median('rate'):.0f}/s, CPU {self.median('web'):.2f} ms web, "
            f"{self.median('database'):.2f} ms database, p99 {self.median('p99'):.0f} ms"
        )


@contextlib.contextmanager
def counted_cpu(web: int, database: str) -> Iterator[Callable[[int], tuple[float, float]]]:
    """Gives a function from a number of requests to milliseconds of CPU a request, of the web tree and the database."""
    backends, tree = backends_of(database), tree_of(web)
    before = cpu_seconds(tree), cpu_seconds(backends)
    yield lambda requests: (
        (cpu_seconds(tree) - before[0]) * 1000 / max(1, requests),
        (cpu_seconds(backends) - before[1]) * 1000 / max(1, requests),
    )


# ------------------------------------------------------------------ load
def wrk(url: str, *more: str, seconds: int, web: int, database: str, connections: int = 16) -> Round:
    """As many requests as 16 connections make. Raises AssertionError where one is refused."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *more, url]
    with counted_cpu(web, database) as cpu:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
        requests = int(_first(r"(\d+) requests in", done.stdout))
        web_ms, database_ms = cpu(requests)
    assert "Non-2xx" not in done.stdout, done.stdout
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)[0]
    p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return Round(float(_first(r"Requests/sec:\s+([\d.]+)", done.stdout)), web_ms, database_ms, p99)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def paced(port: int, send: Send, *, rate: int, seconds: int, threads: int = 24) -> list[float]:
    """Requests by the clock; the seconds that each took from the moment it was due, whatever made it late."""
    due: queue.SimpleQueue[float] = queue.SimpleQueue()
    begin = time.monotonic() + 0.2
    for n in range(rate * seconds):
        due.put(begin + n / rate)
    took: list[float] = []
    workers = [threading.Thread(target=_work, args=(port, send, due, took)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(took) == rate * seconds, f"{rate * seconds - len(took)} requests failed"
    return took


def percentile(took: list[float], share: float) -> float:
    """Milliseconds within which that share of the requests was answered."""
    return statistics.quantiles(took, n=1000)[int(share * 1000) - 1] * 1000


def shown(took: list[float]) -> str:
    return f"p50 {percentile(took, 0.5):.1f} ms, p99 {percentile(took, 0.99):.1f} ms, most {max(took) * 1000:.0f} ms"


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


def wait_until_open(port: int, *, seconds: float = 30) -> None:
    """Returns when somebody listens there."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"Nothing listens on port {port} after {seconds} s.")
