"""Refusals and response headers of the OpenAPI document, the same for all operations."""

from typing import Any

from adtarget.core.errors import ErrorCode


def _header(description: str, example: str | int, *, required: bool = False) -> dict[str, Any]:
    schema = {"type": "integer" if isinstance(example, int) else "string"}
    return {"description": description, "required": required, "schema": schema, "example": example}


HEADERS: dict[str, Any] = {
    "X-Request-Id": _header(
        "Finds the request in the server's log. Yours where the request had one (1 to 64 of A-Z a-z 0-9 _ . : -).",
        "9f86d081884c7d65",
        required=True,
    ),
    "RateLimit-Policy": _header(
        "How many requests the key may make at once (q), and the seconds in which that many come anew (w).",
        '"requests";q=50;w=10',
    ),
    "RateLimit": _header(
        "How many requests the key may make now (r), and the seconds until that is the whole again (t).",
        '"requests";r=49;t=1',
    ),
    "X-RateLimit-Limit": _header("As q of RateLimit-Policy.", 50),
    "X-RateLimit-Remaining": _header("As r of RateLimit.", 49),
    "X-RateLimit-Reset": _header("As t of RateLimit.", 1),
    "Retry-After": _header("Seconds to wait before the request is repeated.", 5),
    "WWW-Authenticate": _header("How to authenticate.", "Bearer", required=True),
    "Allow": _header("The methods that the address takes.", "POST, OPTIONS"),
    "X-Idempotent-Replay": _header("`true` where this is the first answer to this Idempotency-Key, repeated.", "true"),
    "X-Idempotent-Mismatch": _header("`true` where the first request with this key had another body.", "true"),
}
SCHEMAS: dict[str, Any] = {
    "ErrorCode": {"type": "string", "enum": [code.value for code in ErrorCode], "description": "What is wrong."},
    "FieldProblem": {
        "type": "object",
        "description": "What is wrong with one field.",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    },
    "ErrorDetails": {
        "type": "object",
        "description": "Why a request was refused.",
        "required": ["code", "message", "docUrl"],
        "properties": {
            "code": {"$ref": "#/components/schemas/ErrorCode"},
            "message": {"type": "string"},
            "details": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
            "docUrl": {"type": "string", "format": "uri-reference"},
        },
    },
    "ErrorAnswer": {
        "type": "object",
        "description": "The body of every refusal.",
        "required": ["error"],
        "properties": {"error": {"$ref": "#/components/schemas/ErrorDetails"}},
    },
}
#: Refusals by status: the name of the component, its description, an example of code and message, its headers.
_REFUSALS: dict[str, tuple[str, str, tuple[str, str], tuple[str, ...]]] = {
    "400": ("Invalid", "INVALID_PAYLOAD", ("INVALID_PAYLOAD", "currency is required for Purchase."), ()),
    "401": (
        "Unauthenticated",
        "AUTH_REQUIRED, INVALID_KEY or REVOKED_KEY",
        ("INVALID_KEY", "This API key does not exist."),
        ("WWW-Authenticate",),
    ),
    "402": ("SitePaused", "SUBSCRIPTION_INACTIVE", ("SUBSCRIPTION_INACTIVE", "This site is paused by its owner."), ()),
    "403": (
        "DomainNotAllowed",
        "DOMAIN_NOT_ALLOWED",
        ("DOMAIN_NOT_ALLOWED", "This page may not speak for this site."),
        (),
    ),
    "404": (
        "NotFound",
        "CHANNEL_NOT_FOUND, CONVERSION_NOT_FOUND, LEAD_NOT_FOUND, SITE_NOT_FOUND or NOT_FOUND",
        ("LEAD_NOT_FOUND", "This Telegram user has no conversion here."),
        (),
    ),
    "405": (
        "WrongMethod",
        "METHOD_NOT_ALLOWED",
        ("METHOD_NOT_ALLOWED", "This address does not take this method."),
        ("Allow",),
    ),
    "410": ("PersonErased", "PERSON_ERASED", ("PERSON_ERASED", "This person was erased."), ()),
    "413": ("TooLarge", "PAYLOAD_TOO_LARGE", ("PAYLOAD_TOO_LARGE", "The body is over 64 KiB."), ()),
    "415": (
        "WrongMediaType",
        "UNSUPPORTED_MEDIA_TYPE",
        ("UNSUPPORTED_MEDIA_TYPE", "Send the body as 'Content-Type: application/json'."),
        (),
    ),
    "429": (
        "RateLimited",
        "RATE_LIMITED",
        ("RATE_LIMITED", "Too many requests. Wait as long as Retry-After says."),
        ("Retry-After",),
    ),
    "500": ("Broken", "INTERNAL_ERROR", ("INTERNAL_ERROR", "Something broke on our side."), ()),
    "503": (
        "Unavailable",
        "API_DISABLED or SERVICE_UNAVAILABLE",
        ("SERVICE_UNAVAILABLE", "The database is not available for the moment. Nothing was kept; send it again."),
        ("Retry-After",),
    ),
}
_ON_EVERY_ANSWER = ("X-Request-Id",)
_ON_ANSWERS_TO_A_KEY = (
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
_OF_READING = ("400", "401", "404", "405", "429", "500", "503")
_OF_WRITING = (*_OF_READING, "402", "413", "415")
_OF_TRACKER = ("400", "402", "403", "404", "405", "429", "500", "503")
_TAKES_PEOPLE = ("createConversion", "createLeadEvent", "validateEvent")


def _refs(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _response(words: str, example: tuple[str, str], headers: tuple[str, ...]) -> dict[str, Any]:
    code, message = example
    return {
        "description": words,
        "headers": _refs((*_ON_EVERY_ANSWER, *_ON_ANSWERS_TO_A_KEY, *headers)),
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/ErrorAnswer"},
                "example": {"error": {"code": code, "message": message, "docUrl": f"/api/docs/errors#{code}"}},
            }
        },
    }


RESPONSES: dict[str, Any] = {
    name: _response(words, example, headers) for name, words, example, headers in _REFUSALS.values()
}


def add_refusals(path: str, verb: str, operation: dict[str, Any]) -> None:
    """Adds the refusals of one operation, and the headers of its other answers."""
    responses = operation["responses"]
    statuses: tuple[str, ...] = _OF_READING if verb in ("get", "delete") else _OF_WRITING
    if path.startswith("/backend/"):
        statuses = _OF_TRACKER if verb == "get" else (*_OF_TRACKER, "413", "415")
    if operation["operationId"] in _TAKES_PEOPLE:
        statuses = (*statuses, "410")
    headers: tuple[str, ...] = _ON_EVERY_ANSWER
    if path.startswith("/api/"):
        headers = (*headers, *_ON_ANSWERS_TO_A_KEY)
    if _is_idempotent(operation):
        headers = (*headers, "X-Idempotent-Replay", "X-Idempotent-Mismatch")
    for answer in responses.values():
        answer.setdefault("description", "")
        answer["description"] = answer["description"] or "Done."
        answer["headers"] = _refs(headers) | answer.get("headers", {})
    for status in sorted(statuses):
        responses[status] = {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}


def _is_idempotent(operation: dict[str, Any]) -> bool:
    return any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
