"""A pixel's usable token: decrypted, and where its platform asks for it exchanged for a short-lived one.

Exchanged tokens stay in this process and are shared by its threads; one
thread asks, the others wait for it.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings

from adtarget.core import http
from adtarget.core.encryption import CannotDecrypt
from adtarget.core.http_messages import HttpAnswer
from dispatch.models import Pixel
from dispatch.platforms.exchange import CredentialRefused, CredentialUnavailable, TokenExchange
from dispatch.platforms.registry import PLATFORMS

__all__ = ["CredentialRefused", "CredentialUnavailable", "Token", "forget", "token_of"]

REFRESH_EARLY_SECONDS = 120

Post = Callable[..., HttpAnswer]


@dataclass(frozen=True, slots=True)
class Token:
    """What goes into the request; `is_fresh` where it was just exchanged, or never is."""

    text: str
    is_fresh: bool


def token_of(pixel: Pixel) -> Token:
    """Raises CredentialRefused or CredentialUnavailable."""
    try:
        credential = pixel.credential()
    except CannotDecrypt as error:
        raise CredentialRefused(str(error)) from error
    if not credential and PLATFORMS[pixel.platform].needs_credential:
        raise CredentialRefused("No access token is stored for this pixel.")
    exchange = PLATFORMS[pixel.platform].exchange
    if exchange and exchange.is_needed(credential):
        return EXCHANGED.token(credential, exchange)
    return Token(credential, is_fresh=True)


def forget(pixel: Pixel) -> None:
    """Drops an exchanged token that the platform refused."""
    EXCHANGED.forget(pixel.credential())


class ExchangedTokens:
    """Access tokens by credential, each exchanged once in its life."""

    def __init__(self, post: Post = http.post) -> None:
        self._post = post
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._tokens: dict[str, tuple[str, float]] = {}

    def token(self, credential: str, exchange: TokenExchange) -> Token:
        name = _fingerprint(credential)
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            text, ends = self._tokens.get(name, ("", 0.0))
            if time.monotonic() < ends:
                return Token(text, is_fresh=False)
            text, lives = self._exchange(credential, exchange)
            self._tokens[name] = text, time.monotonic() + lives - REFRESH_EARLY_SECONDS
            return Token(text, is_fresh=True)

    def forget(self, credential: str) -> None:
        self._tokens.pop(_fingerprint(credential), None)

    def clear(self) -> None:
        self._tokens.clear()

    def _exchange(self, credential: str, exchange: TokenExchange) -> tuple[str, float]:
        url = getattr(settings, exchange.setting, exchange.url)
        answer = self._post(
            url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(exchange.form(credential, url=url, now=int(time.time()))).encode(),
            deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS,
        )
        return exchange.read(answer)


def _fingerprint(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()


EXCHANGED = ExchangedTokens()
