"""What the OpenAPI document says of sends: summary and example."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from adtarget.api.schema import IDEMPOTENCY, SITE

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
LIST_SENDS: dict[str, Any] = {
    "operation_id": "listSends",
    "summary": "Find sends: by platform, state, reason or time",
    "description": "Newest first. All filters given must match; an unknown filter is refused.",
    "tags": ["Events"],
    "examples": [
        OpenApiExample(
            "One page",
            value={
                "sends": [
                    {**SEND, "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0", "createdAt": 1792000000000},
                ]
            },
            response_only=True,
        )
    ],
}
RETRY_SEND: dict[str, Any] = {
    "operation_id": "retrySend",
    "summary": "Try a failed or skipped send again",
    "description": "The event id stays the same, so a platform that has the event does not count it twice. What can no "
    "longer be repeated safely, or was not ended, is refused with 400 and the reason.",
    "tags": ["Events"],
    "parameters": [IDEMPOTENCY],
    "examples": [OpenApiExample("It is due again", value={"success": True}, response_only=True)],
}
LIST_PIXELS: dict[str, Any] = {
    "operation_id": "listPixels",
    "summary": "The pixels of the account or of one site, and which are paused",
    "description": "A paused pixel loses nothing: its sends wait. `paused` says since when and why.",
    "tags": ["Account"],
    "parameters": SITE,
    "examples": [
        OpenApiExample(
            "One pixel, paused",
            value={
                "pixels": [
                    {
                        "id": "pix_01k9z3b7q2m4n6p8r0s2t4v6w8",
                        "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
                        "platform": "meta",
                        "pixelId": "1234567890",
                        "active": True,
                        "paused": {"since": 1792000000000, "code": "190", "message": "The access token has expired."},
                    }
                ]
            },
            response_only=True,
        )
    ],
}
RETRY_SENDS: dict[str, Any] = {
    "operation_id": "retrySends",
    "summary": "Try all failed or skipped sends again that match",
    "description": "The oldest first, 5,000 a call; they go out after what is fresh, under the same event ids. What "
    "can no longer be repeated safely is left alone and counted by its reason. `more` says that more match: give "
    "`since` or `until` to reach them.",
    "tags": ["Events"],
    "parameters": [IDEMPOTENCY],
    "examples": [
        OpenApiExample("What failed at Meta", value={"platform": "meta", "reason": "rejected"}, request_only=True),
        OpenApiExample("Tried again", value={"retried": 12, "refused": [], "more": False}, response_only=True),
    ],
}
