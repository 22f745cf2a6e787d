"""A form larger than any page's is refused before a byte of it is read or written to the disk."""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from django.test import Client

from tests.faults.stack import Stack

TOO_LARGE = 2_621_441
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/", "/nowhere/"])
def test_a_large_form_is_refused_unread(client: Client, path: str) -> None:
    answer = client.post(path, b"x", content_type=MULTIPART, CONTENT_LENGTH=str(TOO_LARGE))

    assert answer.status_code == 413
    assert "larger than any form" in answer.text


@pytest.mark.django_db
def test_the_largest_form_is_read(client: Client) -> None:
    assert client.post("/sign-in/", {"username": "ada", "padding": "x" * 2_600_000}).status_code == 200


@pytest.mark.processes
@pytest.mark.embedded
def test_nothing_of_a_form_touches_the_disk_of_bare_gunicorn(tmp_path: Path) -> None:
    (spool := tmp_path / "spool").mkdir()
    seen: set[str] = set()
    with Stack(tmp_path, TMPDIR=str(spool)) as stack:
        stack.start("web")
        threading.Thread(target=_watch, args=(spool, seen, until := threading.Event()), daemon=True).start()
        answers = [_post_file(stack.port, declared) for declared in (2_500_000, 50_000_000)]
        until.set()

    assert answers == ["403", "413"]  # no CSRF token; too large
    assert {name for name in seen if name.endswith(".upload")} == set()


def _watch(folder: Path, seen: set[str], until: threading.Event) -> None:
    while not until.is_set():
        seen.update(os.listdir(folder))
        time.sleep(0.001)


def _post_file(port: int, declared: int) -> str:
    """The status of a form with one file, of which as much is sent as the server takes."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(
            f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: {MULTIPART}\r\n"
            f"Content-Length: {declared}\r\n\r\n".encode()
        )
        with contextlib.suppress(OSError):  # it may close on us: it has answered already
            connection.sendall(head + b"x" * (declared - len(head) - len(tail)) + tail)
        return connection.recv(12).decode()[9:]
