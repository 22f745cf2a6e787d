"""Google's errors, in the shape of google.rpc.Status."""

import secrets
from typing import Any

from adtarget.sandbox.judging import Judgement

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error(status: int, message: str, reason: str, *, field: str = "", metadata: Any = None) -> Judgement:
    details = [
        detail("ErrorInfo", reason=reason, domain="datamanager.googleapis.com", metadata=metadata or {}),
        detail("RequestInfo", requestId=f"t-{secrets.token_urlsafe(12)}"),
    ]
    if field:
        violation = {"field": field, "description": message, "reason": reason}
        details.append(detail("BadRequest", fieldViolations=[violation]))
    return status_error(status, message, details)


def detail(kind: str, **facts: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **facts}


def status_error(status: int, message: str, details: list[dict[str, Any]]) -> Judgement:
    name = STATUSES.get(status, "UNKNOWN")
    return Judgement(status, {"error": {"code": status, "message": message, "status": name, "details": details}})
