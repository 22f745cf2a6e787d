"""gunicorn in front, over a real socket: no framing of a request makes the server fail or answer two at once."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.stack import Stack
from tests.fuzz.effort import effort

pytestmark = [pytest.mark.processes, pytest.mark.fuzz, pytest.mark.xdist_group("stack")]

PATHS = ["/api/v1/events/conversion", "/backend/track/init", "/telegram/webhook/bot_1", "/sign-in/", "/nothing"]
LENGTHS = ["Content-Length: {length}", "Content-Length: -1", "Content-Length: 1_0", "Content-Length: 10, 10", ""]
FRAMES = [*LENGTHS, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3"]
ODD_LINES = [
    *("", "X: \x00", "X : y", " folded", "Host: other.example", "Expect: 100-continue", "Expect: 999", "\xff: y"),
    *("Connection: keep-alive", "Transfer-Encoding: gzip, chunked", "Content-Encoding: gzip", "X: " + "y" * 9000),
]
chunks = st.lists(
    st.sampled_from(
        [
            b"3\r\n{} \r\n",
            b"3;a=b\r\n{} \r\n",
            b"zz\r\n",
            b"-1\r\n",
            b"ffffffffffffffffffff\r\n",
            b"3\r\n{}",
            b"\r\n",
            b"0\r\n",
        ]
    )
    | st.binary(max_size=20),
    max_size=5,
).map(b"".join)


def statuses(stack: Stack, request: bytes) -> list[int]:
    """Sends the bytes, half-closes, and reads the statuses of all answers."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as peer:
        answer = b""
        try:
            peer.sendall(request)
            peer.shutdown(socket.SHUT_WR)
            while chunk := peer.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.promise("S19")
def test_no_framing_makes_the_server_fail(stack: Stack) -> None:
    @effort(150)
    @given(
        path=st.sampled_from(PATHS),
        frame=st.sampled_from(FRAMES),
        odd=st.sampled_from(ODD_LINES),
        body=chunks | chunks.map(lambda whole: whole + b"0\r\n\r\n") | st.just(b"{}"),
    )
    def send(path: str, frame: str, odd: str, body: bytes) -> None:
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
        lines += [f"Authorization: Bearer {stack.token}", frame.format(length=len(body)), odd, "", ""]
        head = "\r\n".join(line for number, line in enumerate(lines) if line or number >= len(lines) - 2)
        found = statuses(stack, head.encode("latin-1") + body)
        assert all(status < 500 for status in found), found
        assert len([status for status in found if status != 100]) <= 1 + body.count(b"HTTP/1.1"), found

    send()
