"""What can go wrong, as exceptions. Catch `AdTargetError` for everything."""

from __future__ import annotations

from typing import Any


class AdTargetError(Exception):
    """The base of all errors of this package."""


class Unreachable(AdTargetError):
    """No answer came after all retries: connection refused, name unknown, or time ran out."""


class ApiError(AdTargetError):
    """The API refused the request.

    `code` is the documented error code, such as `INVALID_PAYLOAD`. `details` lists the fields at fault.
    `request_id` finds the request in the server's log. `retry_after` is in seconds, where the API asked for a wait.
    """

    def __init__(self, status: int, body: Any, *, request_id: str = "", retry_after: float | None = None) -> None:
        error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        self.status = status
        self.code = str(error.get("code", f"HTTP_{status}"))
        self.message = str(error.get("message", "The server answered without a description."))
        self.details: list[dict[str, str]] = error.get("details") or []
        self.doc_url = str(error.get("docUrl", ""))
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(f"{self.code} ({status}): {self.message}")


class AuthenticationFailed(ApiError):
    """401: no key, an unknown key, or a revoked one."""


class InvalidRequest(ApiError):
    """400, 413 or 415: the request must be changed; `details` names the fields."""


class SiteInactive(ApiError):
    """402: the site is paused by its owner."""


class NotFound(ApiError):
    """404: no such conversion, lead, channel, send or address."""


class Conflict(ApiError):
    """409: the request contradicts what is there."""


class PersonErased(ApiError):
    """410: the person asked to be forgotten. Send nothing of them until they join a channel again."""


class RateLimited(ApiError):
    """429 after all retries; `retry_after` says how long to wait."""


class ServerFailed(ApiError):
    """5xx after all retries."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    402: SiteInactive,
    404: NotFound,
    409: Conflict,
    410: PersonErased,
    413: InvalidRequest,
    415: InvalidRequest,
    429: RateLimited,
}


def error_of(status: int, body: Any, *, request_id: str, retry_after: float | None) -> ApiError:
    """The exception for an answer that is not 2xx."""
    kind = _BY_STATUS.get(status, ServerFailed if status >= 500 else ApiError)
    return kind(status, body, request_id=request_id, retry_after=retry_after)
