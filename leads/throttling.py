"""Limits the requests of an API key, as DRF's throttle class."""

from dataclasses import dataclass

from django.conf import settings
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


def take_request(key: ApiKey) -> int:
    """Takes a request from the key's bucket: 0, or the seconds to wait."""
    limit = limit_of(key)
    return rate_limit.take(f"key:{key.pk}", per_minute=limit.per_minute, burst=limit.burst)


def require_request(key: ApiKey) -> None:
    """The same; raises RateLimited where there is none."""
    if wait := take_request(key):
        raise errors.RateLimited(retry_after=wait)


class ApiKeyThrottle(BaseThrottle):
    """Takes a request from the key's bucket: by its limits."""

    _wait_seconds = 0

    def allow_request(self, request: Request, view: object) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return True  # the API's description, which needs no key
        self._wait_seconds = take_request(key)
        return not self._wait_seconds

    def wait(self) -> float:
        return self._wait_seconds
