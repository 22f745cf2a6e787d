"""What every endpoint under /api/v1 shares, so that none can forget it."""

from typing import Any, cast

from django.conf import settings
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from adtarget.api.negotiation import AlwaysJson
from adtarget.core import errors
from leads.authentication import authenticate
from leads.models import ApiKey
from leads.models.lead import LARGEST_TELEGRAM_ID
from leads.throttling import throttle


class ApiViewSet(ViewSet):
    """Key, switch and rate limit before any endpoint; the envelope after each refusal."""

    content_negotiation_class = AlwaysJson

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not settings.API_ENABLED:
            raise errors.ApiDisabled(retry_after=60)
        key = authenticate(request._request)
        request.auth = key
        throttle(key)


def key_of(request: Request) -> ApiKey:
    """The key that `initial` put on the request."""
    return cast(ApiKey, request.auth)


def telegram_id_of_path(text: str) -> int:
    """The person an address names. Raises InvalidPayload for what is no Telegram id."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and 1 <= int(text) <= LARGEST_TELEGRAM_ID):
        raise errors.InvalidPayload("telegramUserId must be an integer between 1 and 2^52-1.")
    return int(text)
