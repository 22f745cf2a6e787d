"""A pixel's usable token: decrypted, and for Google exchanged for a short-lived one.

Exchanged tokens stay in this process and are shared by its threads; one
thread asks, the others wait for it (platforms.md, section 4.1).
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from google.auth import crypt
from google.auth import jwt as google_jwt

from adtarget.core import http
from adtarget.core.encryption import CannotDecrypt
from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import PlatformSlug
from dispatch.models import Pixel

SCOPE = "https://www.googleapis.com/auth/datamanager"
REFRESH_EARLY_SECONDS = 120
DEAD_CREDENTIAL = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})

Post = Callable[..., HttpAnswer]


class CredentialRefused(Exception):
    """The stored credential cannot work until somebody mends it: the pixel pauses."""


class CredentialUnavailable(Exception):
    """The token endpoint did not answer; try again later."""


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
    if not credential:
        raise CredentialRefused("No access token is stored for this pixel.")
    if pixel.platform == PlatformSlug.GOOGLE and credential.lstrip().startswith("{"):
        return GOOGLE_TOKENS.token(credential)
    return Token(credential, is_fresh=True)


def forget(pixel: Pixel) -> None:
    """The platform refused the exchanged token: exchange again at the next request."""
    GOOGLE_TOKENS.forget(pixel.credential())


class GoogleTokens:
    """Access tokens by credential, each exchanged once an hour."""

    def __init__(self, post: Post = http.post) -> None:
        self._post = post
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._tokens: dict[str, tuple[str, float]] = {}

    def token(self, credential: str) -> Token:
        name = _fingerprint(credential)
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            text, ends = self._tokens.get(name, ("", 0.0))
            if time.monotonic() < ends:
                return Token(text, is_fresh=False)
            text, lives = self._exchange(credential)
            self._tokens[name] = text, time.monotonic() + lives - REFRESH_EARLY_SECONDS
            return Token(text, is_fresh=True)

    def forget(self, credential: str) -> None:
        self._tokens.pop(_fingerprint(credential), None)

    def _exchange(self, credential: str) -> tuple[str, float]:
        answer = self._post(
            settings.GOOGLE_OAUTH_URL,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(_grant(credential)).encode(),
            deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS,
        )
        match answer.json():
            case {"access_token": str(token), **rest} if answer.status == 200 and token:
                lives = rest.get("expires_in", 3600)
                return token, float(lives) if isinstance(lives, int | float) else 3600.0
            case {"error": str(error), **rest} if error in DEAD_CREDENTIAL:
                raise CredentialRefused(f"{error}: {rest.get('error_description', '')}".strip(": "))
        raise CredentialUnavailable(f"Google's token endpoint answered {answer.status or answer.error}.")


def _grant(credential: str) -> dict[str, str]:
    """The form of the exchange, for a service account or a refresh token."""
    try:
        given: dict[str, Any] = json.loads(credential)
    except ValueError as error:
        raise CredentialRefused("The stored Google credentials are not JSON.") from error
    if "private_key" in given:
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": _assertion(given)}
    if missing := [name for name in ("clientId", "clientSecret", "refreshToken") if not given.get(name)]:
        raise CredentialRefused(f"The stored Google credentials lack {', '.join(missing)}.")
    return {
        "grant_type": "refresh_token",
        "client_id": given["clientId"],
        "client_secret": given["clientSecret"],
        "refresh_token": given["refreshToken"],
    }


def _assertion(account: dict[str, Any]) -> str:
    """The service account's signed claim to the scope, good for an hour."""
    now = int(time.time())
    claims = {
        "iss": account.get("client_email", ""),
        "scope": SCOPE,
        "aud": settings.GOOGLE_OAUTH_URL,
        "iat": now,
        "exp": now + 3600,
    }
    try:
        signer = crypt.RSASigner.from_service_account_info(account)  # type: ignore[no-untyped-call]
        signed: bytes = google_jwt.encode(signer, claims)  # type: ignore[no-untyped-call]
    except (ValueError, KeyError) as error:
        raise CredentialRefused("The service account's private key cannot be read.") from error
    return signed.decode()


def _fingerprint(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()


GOOGLE_TOKENS = GoogleTokens()
