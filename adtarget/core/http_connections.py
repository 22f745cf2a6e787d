"""Connections of outgoing HTTP: to an address that was chosen, and closed when the call's time is up."""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from urllib3 import connection, connectionpool
from urllib3.exceptions import NewConnectionError

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


class HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _HttpConnection

    def _put_conn(self, conn: Any) -> None:
        """Back to the pool, where another thread may take it: this call's deadline must not end that one's."""
        deadline: Deadline | None = getattr(_of_this_thread, "deadline", None)
        if deadline is not None:
            deadline.let_go()
        super()._put_conn(conn)


class HttpsPool(HttpPool, connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection  # type: ignore[assignment]
