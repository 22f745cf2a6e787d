"""Writes each kind of fault to a connection."""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from adtarget.sandbox.faults import Fault
from adtarget.sandbox.judging import Judge, Judgement, Submission

MEGABYTE = 1_000_000
PAGE = b"<!doctype html><title>Welcome</title><h1>Welcome to the hotel's network</h1>"


class Wire(Protocol):
    """What a fault may do with a connection. `wait` returns True early when the sandbox stops."""

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...
    def begin(self, status: int, headers: Mapping[str, str]) -> None: ...
    def write(self, data: bytes) -> None: ...
    def wait(self, seconds: float) -> bool: ...
    def hang_up(self) -> None: ...
    def reset(self) -> None: ...


Params = Mapping[str, Any]


def misbehave(wire: Wire, fault: Fault, *, judge: Judge, submission: Submission, answer: Judgement) -> None:
    """`answer` is the right one where the fault lets the platform take the events, else it is not used."""
    match fault.kind:
        case "platform_error":
            behave(wire, judge.refusal(_with_index(fault, submission), submission))
        case "wrong_count":
            behave(wire, Judgement(answer.status, judge.miscount(answer.body), headers=answer.headers))
        case "redirect":
            _redirect(wire, fault.params)
        case kind:
            _MANNERS[kind](wire, fault.params, answer)


def behave(wire: Wire, answer: Judgement) -> None:
    wire.send(answer.status, {"Content-Type": "application/json", **answer.headers}, encoded(answer))


def encoded(answer: Judgement) -> bytes:
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()


def _with_index(fault: Fault, submission: Submission) -> dict[str, Any]:
    """A refusal because of one event names its place in the request."""
    guilty = [index for index, event in enumerate(submission.events) if event.event_id == fault.event_id]
    return {"event": guilty[0], **fault.params} if fault.event_id and guilty else dict(fault.params)


def _status(wire: Wire, told: Params, _: Judgement) -> None:
    body = told.get("body", "")
    kind = "text/html" if isinstance(body, str) else "application/json"
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {name: str(value) for name, value in told.get("headers", {}).items()}
    wire.send(int(told.get("status", 500)), {"Content-Type": kind, **headers}, data)


def _slow(wire: Wire, told: Params, answer: Judgement) -> None:
    wire.wait(float(told.get("seconds", 1)))
    behave(wire, answer)


def _hang(wire: Wire, told: Params, _: Judgement) -> None:
    wire.wait(float(told.get("seconds", 60)))
    wire.hang_up()


def _cut(wire: Wire, _: Params, answer: Judgement) -> None:
    whole = encoded(answer)
    wire.begin(answer.status, {"Content-Type": "application/json", "Content-Length": str(len(whole))})
    wire.write(whole[: len(whole) // 2])
    wire.hang_up()


def _empty(wire: Wire, *_: Any) -> None:
    wire.send(200, {"Content-Type": "application/json"}, b"")


def _page(wire: Wire, *_: Any) -> None:
    wire.send(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE)


def _drip(wire: Wire, told: Params, answer: Judgement) -> None:
    whole = encoded(answer)
    wire.begin(answer.status, {"Content-Type": "application/json", "Content-Length": str(len(whole))})
    _drop_by_drop(wire, whole, told)


def _drip_headers(wire: Wire, told: Params, answer: Judgement) -> None:
    whole = encoded(answer)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(whole)}\r\n\r\n"
    _drop_by_drop(wire, head.encode(), told)
    wire.write(whole)


def _drop_by_drop(wire: Wire, data: bytes, told: Params) -> None:
    for byte in data:
        wire.write(bytes([byte]))
        if wire.wait(float(told.get("seconds", 1))):
            return wire.hang_up()
    return None


def _huge(wire: Wire, told: Params, _: Judgement) -> None:
    megabytes = int(told.get("megabytes", 50))
    wire.begin(200, {"Content-Type": "application/json", "Content-Length": str(megabytes * MEGABYTE)})
    for _part in range(megabytes):
        wire.write(b" " * MEGABYTE)


def _gzip_bomb(wire: Wire, told: Params, _: Judgement) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    wire.send(200, headers, _bomb(int(told.get("megabytes", 50))))


@lru_cache(maxsize=4)
def _bomb(megabytes: int) -> bytes:
    return b"".join(_compressed(megabytes))


def _compressed(megabytes: int) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    for _ in range(megabytes):
        yield packer.compress(b" " * MEGABYTE)
    yield packer.flush()


def _redirect(wire: Wire, told: Params) -> None:
    location = str(told.get("location", "/_sandbox/redirected"))
    wire.send(int(told.get("status", 302)), {"Location": location}, b"")


def _reset(wire: Wire, *_: Any) -> None:
    wire.reset()


_MANNERS: Mapping[str, Callable[[Wire, Params, Judgement], None]] = {
    "status": _status,
    "slow": _slow,
    "hang": _hang,
    "hang_after_processing": _hang,
    "cut": _cut,
    "empty200": _empty,
    "html200": _page,
    "drip": _drip,
    "drip_headers": _drip_headers,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "reset": _reset,
}
