"""An outgoing HTTP request and its answer, as plain data: no I/O happens here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRequest:
    """A request, ready to leave. Only `logged_url` and `body` may ever be logged.

    `is_guarded`: people typed the address, so it may lead into the public internet only. `shown_url` is the
    address without secrets, where more than its query may be one.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    is_guarded: bool = False
    shown_url: str = ""

    @property
    def logged_url(self) -> str:
        """Without its query, which may carry the token."""
        return self.shown_url or self.url.partition("?")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpAnswer:
    """What came back. `status` 0: nothing did, and `error` says why.

    `complete` is False where the body was cut, dripped past the deadline or
    over the size cap. `reached` is False where surely no byte of the request
    left (connection refused, name unknown): such a failure is clean.
    `retry_after` is what the header asked for.
    """

    status: int
    body: bytes = b""
    complete: bool = True
    reached: bool = True
    retry_after: timedelta | None = None
    error: str = ""

    def json(self) -> Any:
        """The parsed body, or None where it is not whole, valid JSON."""
        if not self.complete:
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None
