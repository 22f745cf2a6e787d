"""Clients that send a byte and wait, in front of the shipped nginx configuration: others are served as before."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stack import Stack
from tests.operating.nginx import NGINX, OPENSSL, Nginx, started

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed"),
]

SLOW = 100  # gunicorn has 8 threads
BEGUN = b"POST /api/v1/events/conversion HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{"


@pytest.fixture
def nginx(tmp_path: Path, stack: Stack) -> Iterator[Nginx]:
    with started(tmp_path, upstream=f"127.0.0.1:{stack.port}") as running:
        yield running


@contextlib.contextmanager
def slow_clients(port: int) -> Iterator[None]:
    """From 10 addresses, for nginx lets each hold 50 connections only."""
    unchecked = ssl._create_unverified_context()
    with contextlib.ExitStack() as opened:
        for number in range(SLOW):
            address = ("127.0.0.1", port)
            plain = socket.create_connection(address, timeout=10, source_address=(f"127.0.0.{10 + number % 10}", 0))
            client = opened.enter_context(unchecked.wrap_socket(plain))
            client.sendall(BEGUN)
        yield


@pytest.mark.promise("S22")
def test_slow_clients_hold_nobody_else_up(nginx: Nginx) -> None:
    waits = []
    with slow_clients(nginx.https):
        for _ in range(20):
            began = time.monotonic()
            assert nginx.ask("/api/v1/channels", host="localhost") == 401
            waits.append(time.monotonic() - began)
    assert sorted(waits)[-2] < 0.5
