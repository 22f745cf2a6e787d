"""Answers the public endpoints without the middleware of pages: no session, person, message, CSRF check or policy.

Those cost a request of the API more than its validation. What protects an answer of the
API is here: the host check, the redirect to HTTPS, the security headers, and Content-Length.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from adtarget.api.cors import PREFIXES, CorsMiddleware
from adtarget.core.nul_in_urls import CleanAddressMiddleware

View = Callable[[HttpRequest], HttpResponse]


class ShortChainMiddleware:
    """Takes the requests of the public prefixes out of the chain; every other request goes on in it."""

    def __init__(self, get_response: View) -> None:
        self._pages = get_response
        checked: Any = convert_exception_to_response(CleanAddressMiddleware(HeadersMiddleware(_views())))
        self._api = CorsMiddleware(checked)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._api(request) if request.path.startswith(PREFIXES) else self._pages(request)


class HeadersMiddleware:
    """Django's SecurityMiddleware, and what CommonMiddleware and XFrameOptionsMiddleware do for an API."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self._security = SecurityMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost
        response: Any = self._security.process_request(request) or self.get_response(request)
        self._security.process_response(request, response)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        answer: HttpResponse = response
        return answer


def _views() -> Any:
    """Django's way from a request to its view, with no middleware around it."""
    handler: Any = BaseHandler()
    handler._view_middleware = handler._template_response_middleware = handler._exception_middleware = []
    return convert_exception_to_response(handler._get_response)
