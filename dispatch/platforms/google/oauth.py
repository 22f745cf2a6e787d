"""Google's token endpoint: a refresh token or a service account for an access token, good for an hour.

Source: "Using OAuth 2.0 for Server to Server Applications" and "for Web Server Applications" (read in 2026-08).
"""

import json
from collections.abc import Mapping
from typing import Any

from google.auth import crypt
from google.auth import jwt as google_jwt

from adtarget.core.http_messages import HttpAnswer
from dispatch.platforms.exchange import CredentialRefused, CredentialUnavailable, TokenExchange

SCOPE = "https://www.googleapis.com/auth/datamanager"
REFRESH_TOKEN = ("clientId", "clientSecret", "refreshToken")
SERVICE_ACCOUNT = ("client_email", "private_key")
DEAD_CREDENTIAL = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})


class GoogleOAuth(TokenExchange):
    setting = "GOOGLE_OAUTH_URL"
    url = "https://oauth2.googleapis.com/token"

    def is_needed(self, credential: str) -> bool:
        return credential.lstrip().startswith("{")

    def form(self, credential: str, *, url: str, now: int) -> Mapping[str, str]:
        try:
            given: dict[str, Any] = json.loads(credential)
        except ValueError as error:
            raise CredentialRefused("The stored Google credentials are not JSON.") from error
        if "private_key" in given:
            grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
            return {"grant_type": grant_type, "assertion": _assertion(given, url=url, now=now)}
        if missing := [name for name in REFRESH_TOKEN if not given.get(name)]:
            raise CredentialRefused(f"The stored Google credentials lack {', '.join(missing)}.")
        return {
            "grant_type": "refresh_token",
            "client_id": given["clientId"],
            "client_secret": given["clientSecret"],
            "refresh_token": given["refreshToken"],
        }

    def read(self, answer: HttpAnswer) -> tuple[str, float]:
        match answer.json():
            case {"access_token": str(token), **rest} if answer.status == 200 and token:
                lives = rest.get("expires_in", 3600)
                return token, float(lives) if isinstance(lives, int | float) else 3600.0
            case {"error": str(error), **rest} if error in DEAD_CREDENTIAL:
                raise CredentialRefused(f"{error}: {rest.get('error_description', '')}".strip(": "))
        raise CredentialUnavailable(f"Google's token endpoint answered {answer.status or answer.error}.")


def _assertion(account: dict[str, Any], *, url: str, now: int) -> str:
    """The service account's signed claim to the scope, good for an hour."""
    claims = {"iss": account.get("client_email", ""), "scope": SCOPE, "aud": url, "iat": now, "exp": now + 3600}
    try:
        signer = crypt.RSASigner.from_service_account_info(account)  # type: ignore[no-untyped-call]
        signed: bytes = google_jwt.encode(signer, claims)  # type: ignore[no-untyped-call]
    except (ValueError, KeyError) as error:
        raise CredentialRefused("The service account's private key cannot be read.") from error
    return signed.decode()


def secret_of(credential: str) -> str:
    """The part of stored credentials that people can tell apart by its end."""
    try:
        given = json.loads(credential)
        return str(given.get("refreshToken") or given.get("private_key_id") or "")
    except (ValueError, AttributeError):
        return credential
