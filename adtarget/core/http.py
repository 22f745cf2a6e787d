"""All outgoing HTTP: a wall-clock deadline, a cap on the answer, and no database connection held meanwhile.

The read timeout of `requests` counts from the last byte, so a server that drips one byte a
second is never timed out. Here a watchdog closes the connection at the
deadline, whether the server hangs, drips headers or drips the body.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from adtarget.core.database import release_connection
from adtarget.core.http_connections import AddressRefused, ChooseAddress, Deadline, HttpPool, HttpsPool
from adtarget.core.http_messages import HttpAnswer, PreparedRequest

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 256 * 1024
LONGEST_RETRY_AFTER = timedelta(hours=6)
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "AdTarget"}
LATE = "No complete answer in time."


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
        response = _session(is_guarded=deadline.choose_address is not None).request(
            method,
            url,
            headers={**_HEADERS, **headers},
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


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}


@cache
def _session(*, is_guarded: bool) -> requests.Session:
    """The connections of this process, shared by its threads; no cookies are kept, proxy variables are ignored."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=100, pool_maxsize=64, max_retries=0))
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
