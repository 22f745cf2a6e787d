"""Limits the requests of an API key, as DRF's throttle class."""

from dataclasses import dataclass
from math import ceil

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from adtarget.core import errors, rate_limit
from leads.models import ApiKey


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests a minute, and how many may come at once."""

    per_minute: int
    burst: int


def limit_of(key: ApiKey) -> Limit:
    """The key's own limits, else the installation's."""
    return Limit(
        per_minute=key.rate_limit_per_minute or settings.API_RATE_LIMIT_PER_MINUTE,
        burst=key.rate_limit_burst or settings.API_RATE_LIMIT_BURST,
    )


def take_request(key: ApiKey, request: HttpRequest) -> int:
    """Takes a request from the key's bucket: 0, or the seconds to wait. Notes the headers that say what is left."""
    limit = limit_of(key)
    drawn = rate_limit.draw(f"key:{key.pk}", per_minute=limit.per_minute, burst=limit.burst)
    request.answer_headers = _headers(limit, drawn)  # type: ignore[attr-defined]
    return drawn.wait


def require_request(key: ApiKey, request: HttpRequest) -> None:
    """The same; raises RateLimited where there is none."""
    if wait := take_request(key, request):
        raise errors.RateLimited(retry_after=wait)


def require_events(key: ApiKey, count: int) -> None:
    """Takes the events of a batch from the key's bucket of them, all or none. Raises RateLimited."""
    per_minute, burst = settings.API_BATCH_EVENTS_PER_MINUTE, settings.API_BATCH_BURST
    if wait := rate_limit.take(f"events:{key.pk}", per_minute=per_minute, burst=burst, count=count):
        raise errors.RateLimited("Too many events. Wait as long as Retry-After says.", retry_after=wait)


def _headers(limit: Limit, drawn: rate_limit.Draw) -> dict[str, str]:
    """By draft-ietf-httpapi-ratelimit-headers-10, and the names that came before it.

    The bucket holds `burst` requests and fills within the window.
    """
    fills_in = ceil((limit.burst - drawn.left) * 60 / limit.per_minute)
    return {
        "RateLimit-Policy": f'"requests";q={limit.burst};w={ceil(limit.burst * 60 / limit.per_minute)}',
        "RateLimit": f'"requests";r={drawn.left};t={fills_in}',
        "X-RateLimit-Limit": str(limit.burst),
        "X-RateLimit-Remaining": str(drawn.left),
        "X-RateLimit-Reset": str(fills_in),
    }


class ApiKeyThrottle(BaseThrottle):
    """Takes a request from the key's bucket: by its limits."""

    _wait_seconds = 0

    def allow_request(self, request: Request, view: object) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True  # the API's description, which needs no key
        self._wait_seconds = take_request(key, request._request)
        return not self._wait_seconds

    def wait(self) -> float:
        return self._wait_seconds
