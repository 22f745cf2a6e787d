"""The only outgoing HTTP: a POST with a wall-clock deadline and a cap on the answer.

`requests` times a read from its last byte, so a server that drips one byte a
second is never timed out. Here a timer closes the connection at the deadline,
whether the server hangs, drips headers or drips the body.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool
from urllib3.exceptions import HTTPError, NewConnectionError

from dispatch.platforms.base import Answer

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 256 * 1024
LONGEST_RETRY_AFTER = timedelta(hours=6)
LATE = "No complete answer in time."

_of_this_thread = threading.local()


class Deadline:
    """Closes the connection in use when time is up."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.connection: connection.HTTPConnection | None = None
        self.request_left = False
        self.passed = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        _of_this_thread.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _of_this_thread.deadline = None

    def remaining(self) -> float:
        return max(0.001, self.ends - time.monotonic())

    def _end(self) -> None:
        self.passed = True
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):  # it ended by itself meanwhile
                sock.shutdown(socket.SHUT_RDWR)


def _watch(conn: connection.HTTPConnection) -> None:
    deadline: Deadline | None = getattr(_of_this_thread, "deadline", None)
    if deadline is not None:
        deadline.connection = conn
        deadline.request_left = True


class _HttpConnection(connection.HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _watch(self)
        super().request(*args, **kwargs)


class _HttpsConnection(connection.HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _watch(self)
        super().request(*args, **kwargs)


class _HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def post(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    deadline_seconds: float = 10.0,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """One POST; never raises. Ends within `deadline_seconds` of wall clock."""
    return _call("POST", url, headers=headers, body=body, deadline_seconds=deadline_seconds, max_bytes=max_bytes)


def get(url: str, *, headers: Mapping[str, str], deadline_seconds: float = 10.0) -> Answer:
    """One GET; never raises."""
    return _call("GET", url, headers=headers, body=None, deadline_seconds=deadline_seconds, max_bytes=MAX_ANSWER_BYTES)


def _call(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_seconds: float, max_bytes: int
) -> Answer:
    with Deadline(deadline_seconds) as deadline:
        try:
            response = _session().request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                data=body,
                timeout=(min(CONNECT_SECONDS, deadline_seconds), deadline_seconds),
                allow_redirects=False,
                stream=True,
            )
            with response:
                return _read(response, deadline, max_bytes=max_bytes)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            why = LATE if deadline.passed else _reason(error)
            return Answer(status=0, complete=False, reached=deadline.request_left, error=why)


def _read(response: requests.Response, deadline: Deadline, *, max_bytes: int) -> Answer:
    """The answer as it came off the wire: never decompressed, never more than the cap."""
    body = bytearray()
    complete, error = True, ""
    try:
        while chunk := response.raw.read1(64 * 1024, decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                complete, error = False, f"The answer is over {max_bytes // 1024} kB."
                break
        declared = response.headers.get("Content-Length", "")
        if complete and declared.isdigit() and int(declared) != len(body):
            complete, error = False, "The answer was cut."
    except (HTTPError, OSError, ValueError):
        complete, error = False, "The answer was cut."
    if deadline.passed:
        complete, error = False, LATE
    if not complete:
        response.raw.close()
    return Answer(
        status=response.status_code,
        body=bytes(body[:max_bytes]),
        complete=complete,
        retry_after=parse_retry_after(response.headers.get("Retry-After", ""), now=datetime.now(UTC)),
        error=error,
    )


def parse_retry_after(text: str, *, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date as a wait, at most 6 h; nonsense is None."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_RETRY_AFTER)


def _session() -> requests.Session:
    """One session a thread: connections are kept, nothing is shared, the environment is not asked."""
    session: requests.Session | None = getattr(_of_this_thread, "session", None)
    if session is None:
        session = requests.Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(pool_connections=8, pool_maxsize=4, max_retries=0))
        _of_this_thread.session = session
    return session


def _reason(error: Exception) -> str:
    """What went wrong, without the URL that requests writes into its messages."""
    cause: BaseException = error
    while cause.args and isinstance(cause.args[0], BaseException):
        cause = cause.args[0]
    inner = getattr(cause, "reason", None)
    if isinstance(inner, NewConnectionError):
        return "The connection was refused or the name is unknown."
    return type(inner or cause).__name__
