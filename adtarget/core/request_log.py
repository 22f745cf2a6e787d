"""One log line a request, under an id that every answer and every line in between carries."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from adtarget.core.logs import request_path
from adtarget.core.shown_path import shown_path

log = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class RequestLogMiddleware:
    """Outermost, so that its line has the answer's final status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        started = time.monotonic()
        token = request_path.set(request.path)
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                response = self.get_response(request)
                log.info(
                    "request",
                    method=request.method,
                    path=shown_path(request.path, request.resolver_match),
                    status=response.status_code,
                    duration_ms=round((time.monotonic() - started) * 1000),
                )
        finally:
            request_path.reset(token)
        response["X-Request-Id"] = request_id
        return response
