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


def test_both_length_and_chunked_are_refused(stack: Stack) -> None:
    body = lead(stack, 13)
    status, _ = exchange(stack, f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked", body)
    assert status == 400
