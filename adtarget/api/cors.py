"""CORS for the two public prefixes: any origin, no credentials."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIXES = ("/api/v1/", "/backend/")
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
        "X-Idempotent-Replay, X-Idempotent-Mismatch, X-Request-Id"
    ),
}
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, X-Adtarget-Client-IP, X-Adtarget-Client-User-Agent"
    ),
    "Access-Control-Max-Age": "86400",
}


class CorsMiddleware:
    """Answers every OPTIONS under the prefixes itself and marks every other answer there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIXES):
            return self.get_response(request)
        is_preflight = request.method == "OPTIONS"
        response = HttpResponse(status=204) if is_preflight else self.get_response(request)
        for name, value in (HEADERS | PREFLIGHT_HEADERS if is_preflight else HEADERS).items():
            response[name] = value
        return response
