"""The sandbox's HTTP: one port, all worlds; well-behaved until told otherwise.

A plain threading server, because it must be able to misbehave on the wire.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adtarget.sandbox import control, google, meta, misbehaving, pages, snapchat, tiktok
from adtarget.sandbox.faults import Fault, Faults
from adtarget.sandbox.judging import JudgedEvent, Judgement
from adtarget.sandbox.store import Store

MOST_BODY = 64 * 1024 * 1024


class Sandbox:
    """`with Sandbox(port=0) as sandbox:` serves in a thread; `serve_forever()` in this one."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.store, self.faults = Store(), Faults()
        self.latency_seconds = 0.0
        self.validates = True
        self._server = _Server((host, port), Handler)
        self._server.sandbox = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self.events, self.stats, self.clear = self.store.events, self.store.stats, self.store.clear

    def fault(self, *, kind: str, **told: Any) -> None:
        """Adds a fault; see `faults.Fault`."""
        self.faults.add(Fault(kind=kind, **told))

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def __enter__(self) -> "Sandbox":
        threading.Thread(target=self._server.serve_forever, name="sandbox", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are the point of some tests, not worth a traceback."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = _flat(parts.query)
        if parts.path == google.STATUS_PATH:
            return self.answer(google.request_status(query.get("requestId", "")))
        if parts.path.startswith("/_sandbox/"):
            return self.reply(*control.handle(self.sandbox, "GET", parts.path, query, None))
        return self.reply(*pages.page(self.sandbox, parts.path, query))

    def do_PUT(self) -> None:
        self._control("PUT")

    def do_DELETE(self) -> None:
        self._control("DELETE")

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/_sandbox/"):
            return self._control("POST")
        body = self._body()
        if parts.path == google.TOKEN_PATH:
            return self.answer(google.token(_flat(body.decode())))
        platform, pixel, data = self._addressee(parts.path, body)
        if not platform:
            return self.reply(404, "application/json", b'{"error": "no such endpoint"}')
        self.sandbox.store.count_request(platform)
        time.sleep(self.sandbox.latency_seconds)
        judgement = self._judge(platform, pixel, parts.path, _flat(parts.query), data)
        fault = self.sandbox.faults.take(platform, pixel)
        if fault is None or fault.kind in misbehaving.AFTER_PROCESSING:
            self.sandbox.store.keep(platform, pixel, judgement)
        if fault is None:
            return self.answer(judgement)
        return misbehaving.misbehave(self, fault, platform, judgement)

    def _control(self, method: str) -> None:
        parts = urlsplit(self.path)
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        body = self._body()
        data = _flat(body.decode()) if form else _json(body)
        status, kind, answer = control.handle(self.sandbox, method, parts.path, _flat(parts.query), data)
        if form:
            return self.reply(303, kind, b"", {"Location": "/"})
        return self.reply(status, kind, answer)

    def _addressee(self, path: str, body: bytes) -> tuple[str, str, Any]:
        data = _json(body)
        if found := meta.PATH.fullmatch(path):
            return "meta", found["pixel"], data
        if found := snapchat.PATH.fullmatch(path):
            return "snapchat", found["pixel"], data
        if path == tiktok.PATH:
            return "tiktok", str(data.get("event_source_id", "")) if isinstance(data, dict) else "", data
        if path == google.PATH:
            return "google", _customer(data), data
        return "", "", None

    def _judge(self, platform: str, pixel: str, path: str, query: dict[str, str], data: Any) -> Judgement:
        headers = {name: str(self.headers[name]) for name in ("Authorization", "Access-Token") if self.headers[name]}
        if not self.sandbox.validates:
            return _unchecked(platform, data)
        if platform == "meta":
            return meta.judge(pixel, headers, query, data)
        if platform == "tiktok":
            return tiktok.judge(headers, data)
        if platform == "snapchat":
            return snapchat.judge(headers, query, data, validate_only=path.endswith("/validate"))
        return google.judge(headers, data)

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BODY))

    def answer(self, judgement: Judgement) -> None:
        self.reply(judgement.status, "application/json", json.dumps(judgement.body).encode())

    def begin(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()

    def reply(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.begin(status, len(body), {"Content-Type": kind, **pages.SECURITY, **(headers or {})})
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """The page shows what came; the terminal is for people."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _customer(data: Any) -> str:
    try:
        return str(data["destinations"][0]["operatingAccount"]["accountId"])
    except (KeyError, IndexError, TypeError):
        return ""


def _unchecked(platform: str, data: Any) -> Judgement:
    """Success for whatever came, for benchmarks."""
    raws = data["events"] if platform == "google" else data["data"]
    id_key = "transactionId" if platform == "google" else "event_id"
    events = [JudgedEvent(str(raw.get(id_key, "")), str(raw.get("event_name", "")), raw) for raw in raws]
    bodies = {
        "meta": meta.success(len(events)),
        "tiktok": tiktok.answer(0, "OK"),
        "snapchat": {"status": "VALID", "reason": ""},
        "google": {"requestId": "benchmark"},
    }
    return Judgement(200, bodies[platform], events, is_accepted=True)
