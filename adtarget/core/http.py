"""All outgoing HTTP: a wall-clock deadline, a cap on the answer, and no database connection held meanwhile.

A read timeout counts from the last byte, so a server that drips one byte a
second is never timed out. Here a watchdog closes the connection at the
deadline, whether the server hangs, drips headers or drips the body.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, Timeout, connection, connectionpool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from adtarget.core.database import release_connection
from adtarget.core.http_messages import HttpAnswer, PreparedRequest

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 256 * 1024
LONGEST_RETRY_AFTER = timedelta(hours=6)
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "AdTarget"}
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
        self.request_left = False
        self.passed = False
        self._connection: connection.HTTPConnection | None = None
        self._lock = threading.Lock()
        self._is_over = False

    def __enter__(self) -> "Deadline":
        _of_this_thread.deadline = self
        _watchdog.watch(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self._is_over = True
        _of_this_thread.deadline = None

    def remaining(self) -> float:
        return max(0.001, self.ends - time.monotonic())

    def hold(self, conn: connection.HTTPConnection) -> None:
        with self._lock:
            self._connection = conn
        self.request_left = True

    def let_go(self) -> None:
        """The connection may be another call's from now on."""
        with self._lock:
            self._connection = None

    def end(self) -> None:
        if self._is_over:
            return
        self.passed = True
        with self._lock:
            sock = getattr(self._connection, "sock", None)
            if sock is not None:
                with contextlib.suppress(OSError):  # it ended by itself meanwhile
                    sock.shutdown(socket.SHUT_RDWR)


class _Watchdog:
    """One thread of the process that ends deadlines in time; a timer each would cost a thread a request."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._process = 0

    def watch(self, deadline: Deadline) -> None:
        with self._changed:
            if self._process != os.getpid():  # threads do not survive gunicorn's fork
                self._process, self._waiting = os.getpid(), []
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            is_next = not self._waiting or deadline.ends < self._waiting[0][0]
            heapq.heappush(self._waiting, (deadline.ends, next(self._numbers), deadline))
            if is_next:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, deadline = heapq.heappop(self._waiting)
            deadline.end()


_watchdog = _Watchdog()


def _watch(conn: connection.HTTPConnection) -> None:
    deadline: Deadline | None = getattr(_of_this_thread, "deadline", None)
    if deadline is not None:
        deadline.hold(conn)


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

    def _put_conn(self, conn: Any) -> None:
        """Back to the pool, where another thread may take it: this call's deadline must not end that one's."""
        deadline: Deadline | None = getattr(_of_this_thread, "deadline", None)
        if deadline is not None:
            deadline.let_go()
        super()._put_conn(conn)


class _HttpsPool(_HttpPool, connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection  # type: ignore[assignment]


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


def send(
    request: PreparedRequest, *, deadline_seconds: float, choose_address: ChooseAddress | None = None
) -> HttpAnswer:
    """The request that a platform's adapter prepared; never raises."""
    with Deadline(deadline_seconds, choose_address) as deadline:
        return _call(
            request.method,
            request.url,
            deadline,
            headers=request.headers,
            body=request.body or None,
            max_bytes=MAX_ANSWER_BYTES,
        )


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
        response = _pools(is_guarded=deadline.choose_address is not None).request(
            method,
            url,
            headers={**_HEADERS, **headers},
            body=body,
            timeout=Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            return _read(response, deadline, max_bytes=max_bytes)
        finally:
            response.release_conn()
    except (HTTPError, OSError, ValueError) as error:
        why = LATE if deadline.passed else _reason(error)
        return HttpAnswer(status=0, complete=False, reached=deadline.request_left, error=why)


def _read(response: BaseHTTPResponse, deadline: Deadline, *, max_bytes: int) -> HttpAnswer:
    """The answer as it came off the wire: never decompressed, never more than the cap."""
    body = bytearray()
    complete, error = True, ""
    try:
        while chunk := response.read1(64 * 1024, decode_content=False):
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
        response.close()
    return HttpAnswer(
        status=response.status,
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


@cache
def _pools(*, is_guarded: bool) -> PoolManager:
    """The connections of this process, shared by its threads; proxy variables are ignored."""
    trust = create_urllib3_context()
    trust.load_verify_locations(certifi.where())
    pools = PoolManager(num_pools=100, maxsize=64, ssl_context=trust)
    pools.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return pools


def _reason(error: Exception) -> str:
    """What went wrong, without the URL that urllib3 writes into its messages."""
    if isinstance(error, NewConnectionError):
        if isinstance(error.__cause__, AddressRefused):
            return str(error.__cause__)
        return "The connection was refused or the name is unknown."
    return type(error).__name__
