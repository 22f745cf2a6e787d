"""Finds the API key in the Authorization header, as DRF's authentication class."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from adtarget.core import errors
from leads import api_keys, failed_keys
from leads.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """Puts the key on `request.auth`. Raises AuthRequired, InvalidKey, RevokedKey or RateLimited."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey]:
        token = bearer_token(request.headers.get("Authorization", ""))
        if not token:
            raise errors.AuthRequired
        if not token.startswith("atk_"):
            raise errors.AuthRequired("This is not an AdTarget API key; they start with atk_live_ or atk_test_.")
        failed_keys.refuse_guesser(request)
        try:
            key = api_keys.verify(token)
        except errors.InvalidKey:
            failed_keys.note_failure(request)
            raise
        api_keys.note_use(key, now=timezone.now())
        return None, key


def bearer_token(header: str) -> str:
    """The token of an Authorization header; '' where it holds none."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and " " not in token else ""
