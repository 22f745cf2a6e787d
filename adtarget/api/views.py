"""The base class of all endpoints under /api/v1; settings name their authentication and throttle."""

from typing import Any, cast

from django.conf import settings
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from adtarget.api.negotiation import AlwaysJson
from adtarget.core import errors
from leads.models import ApiKey
from leads.models.lead import LARGEST_TELEGRAM_ID
from leads.resolution import Named


class ApiViewSet(ViewSet):
    """An endpoint of the API: JSON only, and none while API_ENABLED is off."""

    content_negotiation_class = AlwaysJson

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not settings.API_ENABLED:
            raise errors.ApiDisabled(retry_after=60)
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")  # it is for one key's eyes
        for name, value in getattr(request._request, "answer_headers", {}).items():
            answer.headers[name] = value  # what the throttle says of the key's limit
        return answer


def key_of(request: Request) -> ApiKey:
    """The API key that the request was authenticated with."""
    return cast(ApiKey, request.auth)


def telegram_id_of_path(text: str) -> int:
    """The Telegram id in a URL. Raises InvalidPayload for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and 1 <= int(text) <= LARGEST_TELEGRAM_ID):
        raise errors.InvalidPayload("telegramUserId must be an integer between 1 and 2^52-1.")
    return int(text)


def text_of_query(request: Request, name: str, *, longest: int = 64) -> str:
    """A parameter of the query string, or ''. Raises InvalidPayload for one that is no id."""
    value: str = request.query_params.get(name, "")
    if len(value) > longest or "\0" in value:
        raise errors.InvalidPayload(f"{name} is not an id.")
    return value


def named_of(request: Request) -> Named:
    """The site that the query string names, by siteId or websiteId."""
    return Named(site_id=text_of_query(request, "siteId"), website_id=text_of_query(request, "websiteId"))
