"""Proves that the restored credentials open and serve: a test event to each platform, at a sandbox started for it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from adtarget.management.commands.run import sandbox_addresses
from adtarget.operating.backup.restoring import Restored

START_SECONDS = 20


def try_sandbox(found: Restored) -> list[str]:
    """What went wrong; [] where each platform with a pixel accepted an event."""
    with _sandbox() as url:
        addresses = {name: f"{url}{path}" for name, path in sandbox_addresses().items()}
        done = found.manage("try_delivery", **addresses)
    return [f"delivery: {(done.stderr.strip() or 'failed').splitlines()[-1]}"] if done.returncode else []


@contextmanager
def _sandbox() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "adtarget.sandbox", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
