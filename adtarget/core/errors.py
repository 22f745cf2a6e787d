"""The documented errors of the API, one class each; raising one needs no HTTP."""

from enum import StrEnum
from typing import ClassVar, TypedDict


class ErrorCode(StrEnum):
    AUTH_REQUIRED = "AUTH_REQUIRED"
    INVALID_KEY = "INVALID_KEY"
    REVOKED_KEY = "REVOKED_KEY"
    INVALID_PAYLOAD = "INVALID_PAYLOAD"
    SUBSCRIPTION_INACTIVE = "SUBSCRIPTION_INACTIVE"
    CHANNEL_NOT_FOUND = "CHANNEL_NOT_FOUND"
    CONVERSION_NOT_FOUND = "CONVERSION_NOT_FOUND"
    LEAD_NOT_FOUND = "LEAD_NOT_FOUND"
    PERSON_ERASED = "PERSON_ERASED"
    SITE_NOT_FOUND = "SITE_NOT_FOUND"
    DOMAIN_NOT_ALLOWED = "DOMAIN_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    RATE_LIMITED = "RATE_LIMITED"
    API_DISABLED = "API_DISABLED"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class FieldProblem(TypedDict):
    field: str
    message: str


class ApiError(Exception):
    """A documented refusal. `details` name fields; `retry_after` is in whole seconds."""

    code: ClassVar[ErrorCode]
    status: ClassVar[int]
    message: ClassVar[str]

    def __init__(
        self, message: str = "", *, details: list[FieldProblem] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message or self.message)
        self.details = details or []
        self.retry_after = retry_after


class AuthRequired(ApiError):
    code, status = ErrorCode.AUTH_REQUIRED, 401
    message = "Send your API key as 'Authorization: Bearer atk_live_…'."


class InvalidKey(ApiError):
    code, status, message = ErrorCode.INVALID_KEY, 401, "This API key does not exist."


class RevokedKey(ApiError):
    code, status, message = ErrorCode.REVOKED_KEY, 401, "This API key was revoked. Use another, or make a new one."


class InvalidPayload(ApiError):
    code, status, message = ErrorCode.INVALID_PAYLOAD, 400, "The request is not valid."


class SubscriptionInactive(ApiError):
    code, status, message = ErrorCode.SUBSCRIPTION_INACTIVE, 402, "This site is paused by its owner."


class ChannelNotFound(ApiError):
    code, status = ErrorCode.CHANNEL_NOT_FOUND, 404
    message = "channelId is not an active channel of this site. GET /api/v1/channels lists them."


class ConversionNotFound(ApiError):
    code, status, message = ErrorCode.CONVERSION_NOT_FOUND, 404, "There is no such conversion."


class LeadNotFound(ApiError):
    code, status = ErrorCode.LEAD_NOT_FOUND, 404
    message = "This Telegram user has no conversion here."


class PersonErased(ApiError):
    code, status = ErrorCode.PERSON_ERASED, 410
    message = "This person was erased. Send nothing of them until they join a channel again."


class SiteNotFound(ApiError):
    code, status, message = ErrorCode.SITE_NOT_FOUND, 404, "There is no site with this websiteId."


class DomainNotAllowed(ApiError):
    code, status = ErrorCode.DOMAIN_NOT_ALLOWED, 403
    message = "This page may not speak for this site. Add its domain to the site's allowed domains."


class NotFound(ApiError):
    code, status, message = ErrorCode.NOT_FOUND, 404, "There is nothing at this address."


class MethodNotAllowed(ApiError):
    """`allow` names the methods that the address takes."""

    code, status, message = ErrorCode.METHOD_NOT_ALLOWED, 405, "This address does not take this method."

    def __init__(self, *, allow: str = "") -> None:
        super().__init__()
        self.allow = allow


class PayloadTooLarge(ApiError):
    code, status, message = ErrorCode.PAYLOAD_TOO_LARGE, 413, "The body is over 64 KiB."


class UnsupportedMediaType(ApiError):
    code, status = ErrorCode.UNSUPPORTED_MEDIA_TYPE, 415
    message = "Send the body as 'Content-Type: application/json'."


class RateLimited(ApiError):
    code, status, message = ErrorCode.RATE_LIMITED, 429, "Too many requests. Wait as long as Retry-After says."


class ApiDisabled(ApiError):
    code, status, message = ErrorCode.API_DISABLED, 503, "The API is switched off for now."


class ServiceUnavailable(ApiError):
    code, status = ErrorCode.SERVICE_UNAVAILABLE, 503
    message = "The database is not available for the moment. Nothing was kept; send it again."


class InternalError(ApiError):
    code, status = ErrorCode.INTERNAL_ERROR, 500
    message = "Something broke on our side. The X-Request-Id of this answer finds it in the log."
