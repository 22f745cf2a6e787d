"""The rate limit of a key: its own numbers, else the installation's."""

from django.conf import settings

from adtarget.core import errors, rate_limit
from leads.models import ApiKey


def throttle(key: ApiKey) -> None:
    """Takes one request from the key's bucket. Raises RateLimited with the wait."""
    wait = rate_limit.take(
        f"key:{key.pk}",
        per_minute=key.rate_limit_per_minute or settings.API_RATE_LIMIT_PER_MINUTE,
        burst=key.rate_limit_burst or settings.API_RATE_LIMIT_BURST,
    )
    if wait:
        raise errors.RateLimited(retry_after=wait)
