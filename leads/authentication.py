"""Bearer header to API key, or the documented 401."""

from django.http import HttpRequest
from django.utils import timezone

from adtarget.core import errors
from leads import api_keys
from leads.models import ApiKey


def authenticate(request: HttpRequest) -> ApiKey:
    """The key of the request. Raises AuthRequired, InvalidKey or RevokedKey."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise errors.AuthRequired
    if not token.startswith("atk_"):
        raise errors.AuthRequired("This is not an AdTarget API key; they start with atk_live_ or atk_test_.")
    key = api_keys.verify(token)
    api_keys.note_use(key, now=timezone.now())
    return key
