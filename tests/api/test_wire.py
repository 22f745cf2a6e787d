"""Framing, over a real socket: gunicorn in front, as it is deployed."""

import json
import socket

import pytest

from tests.faults.stack import SIGNALS, Stack

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]


def exchange(stack: Stack, head: str, body: bytes) -> tuple[int, dict]:
    """Sends the bytes, half-closes, and reads what comes: status and JSON."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as peer:
        request = f"POST /api/v1/events/conversion HTTP/1.1\r\nHost: localhost\r\n{head}\r\n"
        request += f"Authorization: Bearer {stack.token}\r\nContent-Type: application/json\r\n\r\n"
        peer.sendall(request.encode() + body)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(rest) if rest.startswith(b"{") else {}


def lead(stack: Stack, person: int) -> bytes:
    ids = {"telegramUserId": person, "websiteId": stack.website_id, "channelId": "-1001234567890"}
    return json.dumps({**ids, "eventType": "Lead", **SIGNALS}).encode()


@pytest.mark.promise("S19")
def test_a_body_shorter_than_its_length_is_refused_and_not_kept(stack: Stack) -> None:
    body = lead(stack, 11)
    status, _ = exchange(stack, f"Content-Length: {len(body) + 10}", body)
    assert status == 400
    answer = stack.get("/api/v1/leads/11")
    assert answer.status_code == 404


def test_a_chunked_body_is_read(stack: Stack) -> None:
    body = lead(stack, 12)
    status, answer = exchange(stack, "Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert (status, answer["dispatched"]) == (200, True)


def test_a_chunked_body_over_the_cap_is_refused(stack: Stack) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    status, answer = exchange(stack, "Transfer-Encoding: chunked", chunk * 3 + b"0\r\n\r\n")
    assert (status, answer["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.promise("S19")
def test_both_length_and_chunked_are_refused(stack: Stack) -> None:
    body = lead(stack, 13)
    status, _ = exchange(stack, f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked", body)
    assert status == 400


def raw(stack: Stack, request: bytes) -> bytes:
    """All bytes that come back, until the server closes."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as peer:
        peer.sendall(request)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
    return answer


CHUNKED = b"Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize("chunk", [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n", b"-1\r\n{}\r\n0\r\n\r\n"])
@pytest.mark.parametrize("path", [b"/api/v1/events/conversion", b"/backend/track/init", b"/telegram/webhook/x"])
def test_a_malformed_chunk_is_refused_once_and_closed(stack: Stack, path: bytes, chunk: bytes) -> None:
    key = b"Authorization: Bearer " + stack.token.encode() + b"\r\n"
    answer = raw(stack, b"POST %b HTTP/1.1\r\n" % path + CHUNKED + key + b"\r\n" + chunk)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 "))
    assert b"\r\nConnection: close\r\n" in answer
    assert "Traceback" not in stack.log("web")


def test_a_malformed_chunk_without_a_key_is_refused_once(stack: Stack) -> None:
    answer = raw(stack, b"POST /api/v1/events/conversion HTTP/1.1\r\n" + CHUNKED + b"\r\nzz\r\n{}\r\n0\r\n\r\n")
    assert (answer.count(b"HTTP/1.1 "), answer[:13]) == (1, b"HTTP/1.1 401 ")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("path", [b"/api/v1/events/conversion", b"/backend/track/init"])
def test_an_over_long_body_is_refused_with_close(stack: Stack, path: bytes) -> None:
    head = b"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n"
    key = b"Authorization: Bearer " + stack.token.encode() + b"\r\n"
    answer = raw(stack, b"POST %b HTTP/1.1\r\n" % path + head + key + b"\r\n" + b" " * 100000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_an_accepted_chunked_body_keeps_the_connection(stack: Stack) -> None:
    body = lead(stack, 13)
    key = b"Authorization: Bearer " + stack.token.encode() + b"\r\n"
    request = b"POST /api/v1/events/conversion HTTP/1.1\r\n" + CHUNKED + key
    request += b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    last = b"GET /api/v1/channels HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + key + b"\r\n"
    assert raw(stack, request + last).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /api/v1/channels\r\n\r\n", 400),
        (b"GET /api/v1/channels HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: xyz, chunked\r\n\r\n", 501),
    ],
)
def test_malformed_http_is_refused_in_json(stack: Stack, request_bytes: bytes, status: int) -> None:
    head, _, body = raw(stack, request_bytes).partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert b"application/json" in head
    assert json.loads(body)["error"]["code"] == "INVALID_PAYLOAD"
