"""Limits guessing of secrets per address, before the database is asked."""

import time
from collections import OrderedDict

from django.conf import settings
from django.http import HttpRequest

from adtarget.core import errors, rate_limit
from adtarget.core.client_context import limit_group, peer_address

MOST_REMEMBERED = 10_000
#: Address -> until when this process refuses it without looking anything up. A wait is a second or so.
_refused_until: OrderedDict[str, float] = OrderedDict()


def refuse_guesser(request: HttpRequest) -> None:
    """Raises RateLimited for an address that has just failed too often."""
    if (left := _left(request)) > 0:
        raise errors.RateLimited(retry_after=max(1, round(left)))


def is_refused(request: HttpRequest) -> bool:
    """Whether `refuse_guesser` would raise."""
    return _left(request) > 0


def _left(request: HttpRequest) -> float:
    """The seconds for which the address is still refused."""
    until = _refused_until.get(_address(request)) if _refused_until else None
    return 0 if until is None else until - time.monotonic()


def note_failure(request: HttpRequest) -> None:
    """Counts a secret that was wrong. Raises RateLimited past API_FAILED_KEYS_PER_MINUTE."""
    address, limit = _address(request), settings.API_FAILED_KEYS_PER_MINUTE
    wait = rate_limit.take(f"failed-key:{address}", per_minute=limit, burst=limit)
    if wait:
        _refused_until[address] = time.monotonic() + wait
        _refused_until.move_to_end(address)
        if len(_refused_until) > MOST_REMEMBERED:
            _refused_until.popitem(last=False)
        raise errors.RateLimited(retry_after=wait)


def _address(request: HttpRequest) -> str:
    return limit_group(peer_address(request))
