"""The one way out: an attempt ends in time and in size, whatever the server does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adtarget.core import http

NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that does to each connection what it is told, after reading the request."""
    listeners = []

    def start(behave: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def loop() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    try:
                        peer.recv(65536)
                        behave(peer)
                    except OSError:
                        pass

        threading.Thread(target=loop, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()


def drip(peer: socket.socket) -> None:
    for _ in range(60):
        peer.sendall(b"a")
        time.sleep(0.05)


def drip_headers(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(peer)


def drip_body(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    drip(peer)


def hang(peer: socket.socket) -> None:
    time.sleep(3)


@pytest.mark.promise("R10")
@pytest.mark.parametrize("behave", [hang, drip_headers, drip_body])
def test_a_server_that_takes_its_time_is_left_at_the_deadline(serve: Serve, behave: Callable) -> None:
    started = time.monotonic()
    answer = http.post(serve(behave), headers={}, body=b"{}", deadline_seconds=0.5)
    assert time.monotonic() - started < 1.0
    assert not answer.complete
    assert answer.reached
    assert answer.json() is None


def test_a_cut_answer_is_not_complete(serve: Serve) -> None:
    answer = http.post(
        serve(lambda peer: peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"code":0}')),
        headers={},
        body=b"{}",
    )
    assert (answer.status, answer.complete, answer.json()) == (200, False, None)


@pytest.mark.promise("R10")
def test_an_endless_answer_is_cut_at_the_cap(serve: Serve) -> None:
    def flood(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(2000):
            peer.sendall(b"x" * 10_000)

    answer = http.post(serve(flood), headers={}, body=b"{}")
    assert len(answer.body) <= http.MAX_ANSWER_BYTES
    assert not answer.complete


def test_a_compressed_answer_is_never_unpacked(serve: Serve) -> None:
    bomb = b"\x1f\x8b" + b"\0" * 100
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    answer = http.post(serve(lambda peer: peer.sendall(head + bomb)), headers={}, body=b"{}")
    assert answer.body == bomb


@pytest.mark.promise("S12")
def test_a_redirect_is_not_followed(serve: Serve) -> None:
    there = serve(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    head = f"HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode()
    assert http.post(serve(lambda peer: peer.sendall(head)), headers={}, body=b"{}").status == 302


def test_a_refused_connection_is_a_clean_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = http.post(f"http://127.0.0.1:{port}/?access_token=secret", headers={}, body=b"{}")
    assert (answer.status, answer.reached) == (0, False)
    assert "secret" not in answer.error


def test_a_connection_lost_after_the_request_left_is_not_clean(serve: Serve) -> None:
    answer = http.post(serve(lambda peer: None), headers={}, body=b"{}")
    assert (answer.status, answer.reached) == (0, True)


@pytest.mark.promise("S12")
def test_a_proxy_of_the_environment_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    url = serve(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    assert http.post(url, headers={}, body=b"{}").status == 200


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta()),
        ("999999999999", timedelta(hours=6)),
        ("Mon, 12 Oct 2026 09:31:00 GMT", timedelta(minutes=1)),
        ("Mon, 12 Oct 2026 09:00:00 GMT", timedelta()),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_ignored(text: str, wait: timedelta | None) -> None:
    assert http.parse_retry_after(text, now=NOW) == wait
