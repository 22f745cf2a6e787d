"""Client of the AdTarget API. Start with `AdTarget` or `AsyncAdTarget`; README.md shows how."""

from adtarget_client.client import AdTarget, AsyncAdTarget
from adtarget_client.errors import (
    AdTargetError,
    ApiError,
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    PersonErased,
    RateLimited,
    ServerFailed,
    SiteInactive,
    Unreachable,
)
from adtarget_client.models import Event, Pii
from adtarget_client.webhooks import InvalidSignature, WebhookMessage, verify

__all__ = [
    "AdTarget",
    "AdTargetError",
    "ApiError",
    "AsyncAdTarget",
    "AuthenticationFailed",
    "Conflict",
    "Event",
    "InvalidRequest",
    "InvalidSignature",
    "NotFound",
    "PersonErased",
    "Pii",
    "RateLimited",
    "ServerFailed",
    "SiteInactive",
    "Unreachable",
    "WebhookMessage",
    "verify",
]
__version__ = "0.1.0"
