"""Runs the Procfile's processes as one tree: starts them, restarts what dies, stops all at once.

Standard library only and not imported elsewhere: it stays in memory for as long
as the tree does. `manage.py run` prepares everything and becomes this.
"""

import argparse
import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a dead process is started again; doubled each time
HEALTHY_AFTER = 30.0  # seconds of life after which a death counts as the first again
GRACE = 8.0  # seconds to finish in; a send whose worker is then killed is taken up when its lease ends
PATIENCE = 60.0  # seconds until we say why we are not ready
NEVER = float("inf")
PR_SET_PDEATHSIG = 1


class Process:
    """One line of the Procfile, started, watched and started again.

    An errand is started when all the others are ready, and again only until it succeeds.
    """

    def __init__(self, name: str, command: str, *, is_errand: bool = False) -> None:
        self.name = name
        self.command = command
        self.is_errand = is_errand
        self.running: subprocess.Popen[bytes] | None = None
        self.start_at = NEVER if is_errand else 0.0
        self.started_at = 0.0
        self.pause = FIRST_PAUSE
        # One pipe for all its lives: what a dying one said last is still read.
        self.output, self._says = os.pipe()
        os.set_blocking(self.output, False)
        self._unfinished = b""

    def start(self) -> None:
        # `exec`: the shell expands the line and is then replaced, so that the pid is the program's own.
        self.running = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", f"exec {self.command}"],
            stdin=subprocess.DEVNULL,
            stdout=self._says,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C reaches us only, and a group can be stopped whole
            preexec_fn=_die_with_parent,  # safe: we have no threads
        )
        self.started_at = time.monotonic()

    def death(self) -> str:
        """How it died since we last looked, '' where it did not; the next start is planned."""
        code = self.running.poll() if self.running else None
        if code is None:
            return ""
        self.signal(signal.SIGKILL)  # what it started itself goes with it, so that the next one finds its port free
        self.running = None
        if self.is_errand and code == 0:
            self.start_at = NEVER
            return ""
        now = time.monotonic()
        if now - self.started_at >= HEALTHY_AFTER:
            self.pause = FIRST_PAUSE
        pause, self.pause = self.pause, min(2 * self.pause, LONGEST_PAUSE)
        self.start_at = now + pause
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        return f"{how}; starting again in {pause:g} s"

    def signal(self, number: signal.Signals) -> None:
        """To the process and whatever it started."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, number)

    def lines(self) -> list[str]:
        """Its output since the last call, whole lines only."""
        with contextlib.suppress(BlockingIOError):
            self._unfinished += os.read(self.output, 65536)
        *lines, self._unfinished = self._unfinished.split(b"\n")
        return [line.decode(errors="replace") for line in lines]


class Supervisor:
    """One loop, no threads: reads what the processes say, notices deaths and signals."""

    def __init__(self, processes: list[Process], *, address: tuple[str, int], when_ready: Callable[[], None]) -> None:
        self.processes = processes
        self.address = address
        self.when_ready = when_ready
        self.is_ready = False
        self.has_complained = False
        self.signals = 0
        self.is_stopping = False
        self.kill_at = NEVER
        self.started_at = self.asked_at = time.monotonic()
        self.selector = selectors.DefaultSelector()
        for process in processes:
            self.selector.register(process.output, selectors.EVENT_READ, process)
        self.width = max(len(process.name) for process in processes)

    def run(self) -> None:
        """Until a signal ends it and every process with it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        while not (self.is_stopping and all(process.running is None for process in self.processes)):
            self._heed_signals()
            self._start_what_is_due()
            self._pass_on_output(wait=0.2)
            self._notice_deaths()
            if not (self.is_ready or self.is_stopping):
                self._ask_whether_ready()

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _heed_signals(self) -> None:
        """The first signal terminates the processes, a second one kills them."""
        if self.signals and not self.is_stopping:
            self.is_stopping = True
            self.kill_at = time.monotonic() + GRACE
            self._signal_all(signal.SIGTERM)
        if self.signals > 1 or time.monotonic() >= self.kill_at:
            self._signal_all(signal.SIGKILL)

    def _start_what_is_due(self) -> None:
        for process in self.processes:
            if process.running is None and not self.is_stopping and time.monotonic() >= process.start_at:
                process.start()

    def _pass_on_output(self, *, wait: float) -> None:
        for key, _ in self.selector.select(wait):
            for line in key.data.lines():
                self._say(key.data.name, line)

    def _notice_deaths(self) -> None:
        for process in self.processes:
            death = process.death()
            if death and not self.is_stopping:
                self._say(process.name, death)

    def _ask_whether_ready(self) -> None:
        if time.monotonic() - self.asked_at < 0.25:
            return
        self.asked_at = time.monotonic()
        status, body = ask(self.address, "/readyz")
        if status == 200:
            self.is_ready = True
            for process in self.processes:
                if process.is_errand:
                    process.start_at = self.asked_at
            self.when_ready()
        elif not self.has_complained and time.monotonic() - self.started_at > PATIENCE:
            self.has_complained = True
            self._say("run", f"Not ready after {PATIENCE:g} s: {body or 'the web process does not answer'}")

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self.processes:
            process.signal(number)

    def _say(self, name: str, line: str) -> None:
        try:
            sys.stdout.write(f"{name:<{self.width}} | {line}\n")
            sys.stdout.flush()
        except OSError:  # the terminal is gone
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            self.signals += 1


def ask(address: tuple[str, int], path: str) -> tuple[int, str]:
    """Status and body of a GET on this machine; 0 without an answer within two seconds."""
    try:
        with socket.create_connection(address, timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return 0, ""
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, body.decode(errors="replace")


def _prctl() -> Callable[..., int] | None:
    """Linux only; elsewhere a killed supervisor leaves its processes to the next start."""
    try:
        return ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None


_PRCTL = _prctl()


def _die_with_parent() -> None:
    """In the child, before its program: SIGTERM when the supervisor goes, however it goes."""
    if _PRCTL is not None:
        _PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


def procfile(path: Path) -> list[tuple[str, str]]:
    """`name: command` of every line."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [_name_and_command(line) for line in lines if line and not line.startswith("#")]


def _name_and_command(line: str) -> tuple[str, str]:
    name, _, command = line.partition(":")
    return name.strip(), command.strip()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--address", required=True, help="Where /readyz answers: host:port.")
    arguments.add_argument("--greeting", help="A file to print when it is green.")
    arguments.add_argument("--also", action="append", default=[], help="A further line, as in the Procfile.")
    arguments.add_argument("--errand", action="append", default=[], help="A line that runs once, when it is green.")
    options = arguments.parse_args()
    lines = options.also + [f"{name}: {command}" for name, command in procfile(Path("Procfile"))]
    processes = [Process(*_name_and_command(line)) for line in lines]
    processes += [Process(*_name_and_command(line), is_errand=True) for line in options.errand]
    host, _, port = options.address.rpartition(":")
    # `python` in the Procfile is the one that runs us.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ["PYTHONUNBUFFERED"] = "1"
    os.environ["CELERY_SKIP_CHECKS"] = "1"  # `manage.py run` has checked; once more costs the worker 10 MB

    def greet() -> None:
        if options.greeting:
            sys.stdout.write(Path(options.greeting).read_text())
            sys.stdout.flush()

    Supervisor(processes, address=(host, int(port)), when_ready=greet).run()


if __name__ == "__main__":
    main()
