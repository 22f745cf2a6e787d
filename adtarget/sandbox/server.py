"""The sandbox's HTTP: one port for all worlds, well-behaved until told otherwise.

A plain threading server, because it has to be able to misbehave on the wire.
"""

import contextlib
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from adtarget.sandbox import control, pages
from adtarget.sandbox.faults import Fault, Faults
from adtarget.sandbox.judging import Answer, Letter, Terms, World
from adtarget.sandbox.misbehaving import behave, misbehave
from adtarget.sandbox.platforms.google import Google, GoogleStatus
from adtarget.sandbox.platforms.google_oauth import OAuth
from adtarget.sandbox.platforms.meta import Meta
from adtarget.sandbox.platforms.snapchat import Snapchat
from adtarget.sandbox.platforms.tiktok import TikTok
from adtarget.sandbox.request import Request
from adtarget.sandbox.store import Store
from adtarget.sandbox.telegram import pages as telegram_pages
from adtarget.sandbox.telegram.world import Telegram
from adtarget.sandbox.webhooks import Webhooks

MOST_BODY = 64 * 1024 * 1024
IDLE_SECONDS = 120
TELEGRAM_LINKS = "https://t.me"


class Sandbox:
    """`with Sandbox() as sandbox:` serves from a thread on a free port; `serve_forever()` from this one."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, local_links: bool = False) -> None:
        """`local_links`: Telegram's invite links lead to the sandbox's own page, where they can be clicked."""
        self._server = _Server((host, port), Handler)
        self._server.sandbox = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self.google, self.webhooks, self.telegram = (
            Google(),
            Webhooks(),
            Telegram(self.url if local_links else TELEGRAM_LINKS),
        )
        self.worlds: dict[str, World] = {
            world.slug: world
            for world in (
                Meta(),
                TikTok(),
                Snapchat(),
                self.google,
                GoogleStatus(self.google),
                OAuth(),
                self.webhooks,
                self.telegram,
            )
        }
        self.store, self.faults = Store(self.worlds), Faults()
        self.latency_seconds = 0.0
        self.validates = True
        self.tokens: frozenset[str] | None = None
        self.redirects_followed = 0
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # -------------------------------------------------------------- for tests
    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        """What came, oldest first; by `platform`, `pixel`, `event_id`; `limit` keeps the newest."""
        return self.store.events(**wanted)

    def stats(self) -> dict[str, dict[str, int]]:
        return self.store.stats()

    def fault(self, *, kind: str, platform: str = "*", **told: Any) -> None:
        """Adds a fault; see `faults.Fault` and `faults.KINDS`."""
        self.faults.add(self.made_fault({"kind": kind, "platform": platform, **told}))

    def made_fault(self, told: Mapping[str, Any]) -> Fault:
        """A fault that can come true. Raises ValueError or TypeError with a sentence."""
        known = [field.name for field in fields(Fault) if field.init]
        if unknown := set(told) - set(known):
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}. It has: {', '.join(known)}.")
        fault = Fault(**{name: value for name, value in told.items() if value is not None})
        if fault.platform not in ("*", *self.worlds):
            raise ValueError(f"{fault.platform} is no platform here. There are: *, {', '.join(self.worlds)}.")
        name = fault.params.get("name")
        if name is not None and fault.kind == "platform_error":
            worlds = [self.worlds[fault.platform]] if fault.platform != "*" else list(self.worlds.values())
            if not all(name in world.refusals for world in worlds):
                raise ValueError(
                    f"{name} is no refusal of {fault.platform}. There are: {', '.join(worlds[0].refusals)}."
                )
        return fault

    def clear(self) -> None:
        """Forgets what came and behaves again. Telegram's chats stay: `telegram.state.clear()` forgets them."""
        self.store.clear()
        self.faults.replace()
        self.google.diagnostics.clear()

    # -------------------------------------------------------------- life
    def __enter__(self) -> "Sandbox":
        self._thread = threading.Thread(target=self.serve_forever, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        if self._thread:
            self._thread.join()
        self.close()

    def serve_forever(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Lets go of the port and of everybody who still waits."""
        self.stopping.set()
        self._server.server_close()
        self._server.hang_up_on_all()
        self.telegram.deliverer.stop()

    # -------------------------------------------------------------- one request
    def world_of(self, request: Request) -> World | None:
        return next((world for world in self.worlds.values() if world.takes(request)), None)

    def receive(self, world: World, request: Request) -> tuple[Letter, Answer, Fault | None]:
        """Counts, judges and keeps a request; what to answer, and what to do wrong about it."""
        received_at = time.time()
        self.store.count_request(world.slug)
        letter = world.read(request)
        fault = self.faults.take(world.slug, letter)
        if fault and not fault.processes:
            answer = Answer(0, None)
        elif self.validates:
            answer = world.judge(letter, Terms(now=received_at, tokens=self.tokens))
        else:
            answer = world.success(letter)
        if letter.is_kept:
            self.store.keep(
                world.slug,
                letter,
                is_accepted=answer.is_accepted,
                status=answer.status,
                fault=fault.kind if fault else "",
                received_at=received_at,
            )
        return letter, answer, fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    sandbox: Sandbox

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
    server: _Server

    def serve(self) -> None:
        sandbox = self.server.sandbox
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > MOST_BODY:
            self.hang_up()
            return self.send(413, {}, b"")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(int(length)))
        world = sandbox.world_of(request)
        if world is None:
            return self._send_own(request)
        letter, answer, fault = sandbox.receive(world, request)
        if sandbox.latency_seconds:
            self.wait(sandbox.latency_seconds)
        if fault is None:
            return behave(self, answer)
        return misbehave(self, fault, world=world, letter=letter, answer=answer)

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
