"""Turns any exception into one of the documented errors and its JSON envelope."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.db.utils import DatabaseError
from django.http import Http404, HttpRequest, JsonResponse
from psycopg_pool import PoolTimeout
from rest_framework import exceptions as drf
from rest_framework.response import Response

from adtarget.core import errors

log = structlog.get_logger(__name__)

RETRY_AFTER_DATABASE_SECONDS = 5
DOC_PAGE = "/api/docs/errors"  # of this installation; adtarget.openapi.pages serves it


OURS: Mapping[type[Exception], Callable[[], errors.ApiError]] = {
    Http404: errors.NotFound,
    drf.NotFound: errors.NotFound,
    drf.MethodNotAllowed: errors.MethodNotAllowed,
    drf.UnsupportedMediaType: errors.UnsupportedMediaType,
    RequestDataTooBig: errors.PayloadTooLarge,
}


def translate(error: Exception) -> errors.ApiError:
    """The documented error for an exception."""
    for theirs, ours in OURS.items():
        if isinstance(error, theirs):
            return ours()
    match error:
        case errors.ApiError():
            return error
        case drf.Throttled():
            return errors.RateLimited(retry_after=int(getattr(error, "wait", None) or 1))
        case drf.APIException() | SuspiciousOperation():
            return errors.InvalidPayload()
        case OperationalError() | InterfaceError() | PoolTimeout():
            return errors.ServiceUnavailable(retry_after=RETRY_AFTER_DATABASE_SECONDS)
        case _:
            return errors.InternalError()


def envelope(error: errors.ApiError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code.value, "message": str(error)}
    if error.details:
        body["details"] = error.details
    body["docUrl"] = f"{DOC_PAGE}#{error.code.value}"
    return {"error": body}


def headers(error: errors.ApiError) -> dict[str, str]:
    found = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status == 401:
        found["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.MethodNotAllowed) and error.allow:
        found["Allow"] = error.allow
    return found


def answer(error: errors.ApiError) -> JsonResponse:
    """The envelope as a plain Django response, for views outside DRF."""
    return JsonResponse(envelope(error), status=error.status, headers=headers(error))


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER."""
    refusal = _translated(error, context.get("request"))
    return Response(envelope(refusal), status=refusal.status, headers=headers(refusal))


def refuse(error: Exception, request: HttpRequest) -> JsonResponse:
    """The same for views outside DRF."""
    return answer(_translated(error, request))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Django's handler400 below the public prefixes."""
    if isinstance(exception, DisallowedHost):
        return answer(errors.InvalidPayload("This host name is not one of ALLOWED_HOSTS."))
    return answer(errors.InvalidPayload())


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Django's handler404 below the public prefixes."""
    return answer(errors.NotFound())


def server_error(request: HttpRequest) -> JsonResponse:
    return answer(errors.InternalError())


def _translated(error: Exception, request: Any) -> errors.ApiError:
    refusal = translate(error)
    if refusal.status >= 500 and refusal is not error:
        _report(error, request)
    return refusal


def _report(error: Exception, request: Any) -> None:
    log.error("unhandled error in the API", error=type(error).__name__, exc_info=error)
    if isinstance(error, DatabaseError):
        return  # answered as 503; the database's own log says more
    # Nothing reaches Django's own handling any more: error trackers and the test client listen here.
    got_request_exception.send(sender=handle, request=getattr(request, "_request", request))
