"""The sandbox's HTTP: one port for all platforms, well-behaved until a fault says otherwise.

A plain threading server, because it has to be able to misbehave on the wire.
"""

import contextlib
import socket
import socketserver
import struct
import sys
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from adtarget.sandbox import control, pages
from adtarget.sandbox.misbehaving import behave, misbehave
from adtarget.sandbox.request import Request
from adtarget.sandbox.state import SandboxState
from adtarget.sandbox.telegram import pages as telegram_pages

MOST_BODY = 64 * 1024 * 1024
IDLE_SECONDS = 120


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    sandbox: SandboxState

    def __init__(self, *args: Any) -> None:
        self._connections: set[socket.socket] = set()
        self.connections_made = 0
        super().__init__(*args)

    def server_bind(self) -> None:
        """Without the name lookup of `HTTPServer`, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        self.connections_made += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up_on_all(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is the point of some tests, not worth a traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection. Is the `Wire` of misbehaving.py."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Server

    def serve(self) -> None:
        sandbox = self.server.sandbox
        request = self._read()
        if request is None:
            self.hang_up()
            return self.send(413, {}, b"")
        judge = sandbox.judge_of(request)
        if judge is None:
            return self._send_own(request)
        submission, answer, fault = sandbox.receive(judge, request)
        if sandbox.latency_seconds:
            self.wait(sandbox.latency_seconds)
        if fault is None:
            return behave(self, answer)
        return misbehave(self, fault, judge=judge, submission=submission, answer=answer)

    def _read(self) -> Request | None:
        """None where the body is too long, its length is not given, or its sender died before the end."""
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > MOST_BODY:
            return None
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, body) if len(body) == int(length) else None

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def _send_own(self, request: Request) -> None:
        """The sandbox's own endpoints and pages. Only its own pages may change anything."""
        origin = request.headers.get("origin", "")
        if request.method != "GET" and origin and origin.partition("://")[2] != request.headers.get("host"):
            return self.send(403, {}, b"")
        sandbox = self.server.sandbox
        reply = control.answer(sandbox, request) or telegram_pages.answer(sandbox, request)
        reply = reply or pages.answer(sandbox, request)
        return self.send(reply.status, reply.headers, reply.body)

    # -------------------------------------------------------------- the wire
    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.wfile.write(_head(status, {**headers, "Content-Length": str(len(body))}.items()) + body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.wfile.write(_head(status, headers.items()))

    def write(self, data: bytes) -> None:
        self.wfile.write(data)

    def wait(self, seconds: float) -> bool:
        return self.server.sandbox.stopping.wait(seconds)

    def hang_up(self) -> None:
        self.close_connection = True

    def reset(self) -> None:
        """Closing without lingering makes the kernel send RST; `detach`, for the files around it hold it open."""
        self.hang_up()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def log_message(self, *_: Any) -> None:
        """The page shows what came; the terminal is for people."""


def _head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")
