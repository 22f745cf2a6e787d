"""All outgoing HTTP: a wall-clock deadline, a cap on the answer, and no database connection held meanwhile.

`requests` times a read from its last byte, so a server that drips one byte a
second is never timed out. Here a timer closes the connection at the deadline,
whether the server hangs, drips headers or drips the body.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool
from urllib3.exceptions import HTTPError, NewConnectionError

from adtarget.core.database import release_connection
from adtarget.core.http_messages import HttpAnswer, PreparedRequest

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 256 * 1024
LONGEST_RETRY_AFTER = timedelta(hours=6)
LATE = "No complete answer in time."

#: Host and port → the address to connect to. Raises AddressRefused.
ChooseAddress = Callable[[str, int], str]

_of_this_thread = threading.local()
# A name server that hangs keeps a thread; the pool bounds how many.
_resolvers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolver")


class AddressRefused(Exception):
    """A host that must not be connected to, with the reason."""


class Deadline:
    """Closes the connection in use when time is up."""

    def __init__(self, seconds: float, choose_address: ChooseAddress | None) -> None:
        self.ends = time.monotonic() + seconds
        self.choose_address = choose_address
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


def _in_time(deadline: Deadline, choose: ChooseAddress, host: str, port: int) -> str:
    """The chosen address, or AddressRefused at the deadline: a name server may take a minute to say nothing."""
    try:
        choosing = _resolvers.submit(choose, host, port)
    except RuntimeError:  # the interpreter ends, while this thread still works
        raise AddressRefused("The process is ending; nothing was sent.") from None
    try:
        return choosing.result(timeout=deadline.remaining())
    except TimeoutError:
        choosing.cancel()
        raise AddressRefused("The host's name was not resolved in time.") from None


class _Chosen(connection.HTTPConnection):
    """Connects to the address that `choose_address` returned; TLS still verifies the host name."""

    def _new_conn(self) -> socket.socket:
        deadline: Deadline | None = getattr(_of_this_thread, "deadline", None)
        if deadline is None or deadline.choose_address is None:
            return super()._new_conn()
        named = self._dns_host
        try:
            self._dns_host = _in_time(deadline, deadline.choose_address, named, self.port or self.default_port)
            if isinstance(self.timeout, int | float):
                self.timeout = min(self.timeout, deadline.remaining())
            return super()._new_conn()
        except AddressRefused as refused:
            raise NewConnectionError(self, str(refused)) from refused
        finally:
            self._dns_host = named


class _HttpConnection(_Chosen):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _watch(self)
        super().request(*args, **kwargs)


class _HttpsConnection(_Chosen, connection.HTTPSConnection):
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
    choose_address: ChooseAddress | None = None,
) -> HttpAnswer:
    """One POST; never raises. Ends within `deadline_seconds` of wall clock.

    With `choose_address` it says which address a host means, and no connection
    is shared with calls that were not asked.
    """
    with Deadline(deadline_seconds, choose_address) as deadline:
        return _call("POST", url, deadline, headers=headers, body=body, max_bytes=max_bytes)


def send(request: PreparedRequest, *, deadline_seconds: float) -> HttpAnswer:
    """The POST that a platform's adapter prepared."""
    return post(request.url, headers=request.headers, body=request.body, deadline_seconds=deadline_seconds)


def get(url: str, *, headers: Mapping[str, str], deadline_seconds: float = 10.0) -> HttpAnswer:
    """One GET; never raises."""
    with Deadline(deadline_seconds, None) as deadline:
        return _call("GET", url, deadline, headers=headers, body=None, max_bytes=MAX_ANSWER_BYTES)


def _call(
    method: str, url: str, deadline: Deadline, *, headers: Mapping[str, str], body: bytes | None, max_bytes: int
) -> HttpAnswer:
    release_connection()
    seconds = deadline.remaining()
    try:
        response = _session(is_guarded=deadline.choose_address is not None).request(
            method,
            url,
            headers={"Accept-Encoding": "identity", **headers},
            data=body,
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        )
        with response:
            return _read(response, deadline, max_bytes=max_bytes)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        why = LATE if deadline.passed else _reason(error)
        return HttpAnswer(status=0, complete=False, reached=deadline.request_left, error=why)


def _read(response: requests.Response, deadline: Deadline, *, max_bytes: int) -> HttpAnswer:
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
    return HttpAnswer(
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


def _session(*, is_guarded: bool) -> requests.Session:
    """This thread's session: connections are kept, nothing is shared, proxy variables are ignored."""
    name = "guarded_session" if is_guarded else "session"
    session: requests.Session | None = getattr(_of_this_thread, name, None)
    if session is None:
        session = requests.Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(pool_connections=8, pool_maxsize=4, max_retries=0))
        setattr(_of_this_thread, name, session)
    return session


def _reason(error: Exception) -> str:
    """What went wrong, without the URL that requests writes into its messages."""
    cause: BaseException = error
    while cause.args and isinstance(cause.args[0], BaseException):
        cause = cause.args[0]
    inner = getattr(cause, "reason", None)
    if isinstance(inner, NewConnectionError):
        if isinstance(inner.__cause__, AddressRefused):
            return str(inner.__cause__)
        return "The connection was refused or the name is unknown."
    return type(inner or cause).__name__
