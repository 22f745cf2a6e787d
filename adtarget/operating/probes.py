"""Answers supervisors, load balancers and Prometheus before every other middleware.

They ask by address or by a container's name, over plain HTTP: no Host is refused, nothing is redirected, and nothing
is logged. Only /metrics asks who is there.
"""

import ipaddress
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from adtarget.core.client_context import is_trusted_proxy, peer_address
from adtarget.operating.metrics import metrics
from adtarget.operating.readiness import healthz, readyz

View = Callable[[HttpRequest], HttpResponse]
REFUSED = "Metrics are for addresses in METRICS_ALLOWED, or for the bearer token in METRICS_TOKEN.\n"


class ProbeMiddleware:
    """First in the chain: a probe leaves it here."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path, self.get_response)(request)


def guarded_metrics(request: HttpRequest) -> HttpResponse:
    """/metrics for allowed addresses and for holders of the token; 403 for others."""
    if _has_token(request) or _has_allowed_address(request):
        return metrics(request)
    return HttpResponse(REFUSED, status=403, content_type="text/plain; charset=utf-8")


def _has_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    is_bearer = bool(settings.METRICS_TOKEN) and kind.lower() == "bearer"
    return is_bearer and secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


def _has_allowed_address(request: HttpRequest) -> bool:
    """By the peer's address; a proxy that is not in TRUSTED_PROXIES hides it, so nothing through one is allowed."""
    if "X-Forwarded-For" in request.headers and not is_trusted_proxy(request.META.get("REMOTE_ADDR", "")):
        return False
    try:
        address = ipaddress.ip_address(peer_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_ALLOWED)


PROBES: dict[str, View] = {
    "/healthz": healthz,
    "/up": healthz,
    "/readyz": readyz,
    "/metrics": guarded_metrics,
}
