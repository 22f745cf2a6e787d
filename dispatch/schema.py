"""What the OpenAPI document says of sends: summary and example."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

SEND = {
    "sendId": "snd_01k9z3c1d2e3f4g5h6j7k8m9n1",
    "platform": "meta",
    "pixelId": "1234567890",
    "status": "sent",
    "attempts": 2,
    "sentAt": 1792000009000,
}
ATTEMPT = {
    "number": 2,
    "startedAt": 1792000008900,
    "durationMs": 100,
    "outcome": "accepted",
    "httpStatus": 200,
    "traceId": "AbCdEfGhIjK",
    "batchSize": 12,
}
SEND_DETAIL = {
    **SEND,
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "createdAt": 1792000000000,
    "attemptList": [ATTEMPT],
}
GET_SEND: dict[str, Any] = {
    "operation_id": "getSend",
    "summary": "A send with every attempt: what was answered, when, and what happens next",
    "description": "`diagnostics` of an attempt is what the platform said later of what it had accepted (Google).",
    "tags": ["Events"],
    "examples": [OpenApiExample("Sent at the second attempt", value=SEND_DETAIL, response_only=True)],
}
