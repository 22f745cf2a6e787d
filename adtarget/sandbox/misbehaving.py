"""How each fault looks on the wire. Some strike after the events were counted: the ambiguous cases."""

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adtarget.sandbox import google, meta, snapchat, tiktok
from adtarget.sandbox.faults import Fault
from adtarget.sandbox.judging import Judgement

if TYPE_CHECKING:
    from adtarget.sandbox.server import Handler

AFTER_PROCESSING = frozenset({"slow", "hang_after_processing", "cut", "drip", "empty200", "wrong_count"})
HUGE = 50_000_000

Params = dict[str, Any]


def misbehave(handler: "Handler", fault: Fault, platform: str, judgement: Judgement) -> None:
    if fault.kind == "platform_error":
        handler.answer(refusal(platform, fault.params))
    else:
        _MANNERS[fault.kind](handler, fault.params, judgement)


def refusal(platform: str, told: Params) -> Judgement:
    """The platform's own error, as its tables have it."""
    code, message = told.get("code", 0), str(told.get("message", "Told to refuse."))
    match platform:
        case "meta":
            body = meta.error(int(code or 1), told.get("subcode"), message, transient=bool(told.get("transient")))
            return Judgement(told.get("status", 400), body)
        case "tiktok":
            return Judgement(told.get("status", 200), tiktok.answer(int(code or 50000), message))
        case "snapchat":
            return Judgement(told.get("status", 400), snapchat.invalid(message, told.get("event")))
        case _:
            status, reason = told.get("status", 400), str(told.get("reason", "INTERNAL"))
            return Judgement(status, google.error(status, message, reason, where=str(told.get("field", ""))))


def _status(handler: "Handler", told: Params, _: Judgement) -> None:
    body = str(told.get("body", "")).encode()
    handler.reply(int(told.get("status", 500)), "text/html", body, told.get("headers"))


def _slow(handler: "Handler", told: Params, judgement: Judgement) -> None:
    time.sleep(float(told.get("seconds", 5)))
    handler.answer(judgement)


def _hang(handler: "Handler", told: Params, _: Judgement) -> None:
    time.sleep(float(told.get("seconds", 5)))
    handler.close_connection = True


def _cut(handler: "Handler", _: Params, judgement: Judgement) -> None:
    whole = json.dumps(judgement.body).encode()
    handler.begin(200, len(whole))
    handler.wfile.write(whole[: len(whole) // 2])
    handler.close_connection = True


def _empty(handler: "Handler", *_: Any) -> None:
    handler.reply(200, "application/json", b"")


def _page(handler: "Handler", *_: Any) -> None:
    handler.reply(200, "text/html", b"<html><body>Welcome</body></html>")


def _wrong_count(handler: "Handler", _: Params, judgement: Judgement) -> None:
    received = judgement.body.get("events_received")
    changed = {"events_received": received - 1} if isinstance(received, int) else {}
    handler.answer(Judgement(judgement.status, {**judgement.body, **changed}))


def _drip(handler: "Handler", _: Params, judgement: Judgement) -> None:
    whole = json.dumps(judgement.body).encode()
    handler.begin(200, len(whole))
    _drop_by_drop(handler, whole)


def _drip_headers(handler: "Handler", *_: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drop_by_drop(handler, b"a" * 60)


def _drop_by_drop(handler: "Handler", body: bytes) -> None:
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(1)
    handler.close_connection = True


def _huge(handler: "Handler", *_: Any) -> None:
    handler.begin(200, HUGE)
    for _part in range(50):
        handler.wfile.write(b"x" * (HUGE // 50))


def _gzip_bomb(handler: "Handler", *_: Any) -> None:
    handler.reply(200, "application/json", gzip.compress(b"0" * HUGE), {"Content-Encoding": "gzip"})


def _redirect(handler: "Handler", *_: Any) -> None:
    handler.reply(302, "text/html", b"", {"Location": f"{handler.sandbox.url}/elsewhere"})


def _reset(handler: "Handler", *_: Any) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


_MANNERS: dict[str, Callable[["Handler", Params, Judgement], None]] = {
    "status": _status,
    "slow": _slow,
    "hang": _hang,
    "hang_after_processing": _hang,
    "cut": _cut,
    "empty200": _empty,
    "html200": _page,
    "wrong_count": _wrong_count,
    "drip": _drip,
    "drip_headers": _drip_headers,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "redirect": _redirect,
    "reset": _reset,
}
