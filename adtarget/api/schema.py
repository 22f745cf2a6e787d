"""What the OpenAPI document says beyond the serializers: summaries, parameters, examples."""

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

_IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 128 printable ASCII characters. A repeat within 24 h gets the first answer and does nothing.",
)
_CLIENT = [
    OpenApiParameter("X-Adtarget-Client-IP", str, OpenApiParameter.HEADER, description="The end user's IP."),
    OpenApiParameter(
        "X-Adtarget-Client-User-Agent", str, OpenApiParameter.HEADER, description="The end user's user agent."
    ),
]
_PERSON = OpenApiParameter("telegram_user_id", OpenApiTypes.INT64, OpenApiParameter.PATH)
_SITE = [
    OpenApiParameter("siteId", str, description="Choose a site where the lead or account has several."),
    OpenApiParameter("websiteId", str, description="The same by websiteId."),
]
_PURCHASE = {
    "eventType": "Purchase",
    "value": 49.9,
    "currency": "USD",
    "orderId": "A-17",
    "pii": {"email": "ada@example.com"},
}
_COLD = {
    "telegramUserId": 123456789,
    "websiteId": "atid_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "-1001234567890",
    **_PURCHASE,
    "fbc": "fb.1.1791990000123.IwAR0aBc-_",
    "fbp": "fb.1.1791990000000.1116446470",
    "clientIp": "203.0.113.9",
    "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "eventSourceUrl": "https://acme.example/join",
}
_CREATED = {
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "capiStatus": "pending",
    "coldLead": True,
    "dispatched": True,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "eventId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "sends": [{"sendId": "snd_01k9z3c1d2e3f4g5h6j7k8m9n1", "platform": "meta"}],
}
_SEND = {
    "sendId": "snd_01k9z3c1d2e3f4g5h6j7k8m9n1",
    "platform": "meta",
    "pixelId": "1234567890",
    "status": "sent",
    "attempts": 2,
    "sentAt": 1792000009000,
}
_ATTEMPT = {
    "number": 2,
    "startedAt": 1792000008900,
    "durationMs": 100,
    "outcome": "accepted",
    "httpStatus": 200,
    "traceId": "AbCdEfGhIjK",
    "batchSize": 12,
}
_CONVERSION = {
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "eventId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "telegramUserId": 123456789,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "eventType": "Purchase",
    "capiStatus": "sent",
    "source": "api",
    "coldLead": False,
    "awaitingManualInput": False,
    "attributedAt": 1792000000000,
    "eventTime": 1792000000000,
    "eventValue": 49.9,
    "eventCurrency": "USD",
    "orderId": "A-17",
    "sends": [_SEND],
}
_CONVERSION_OF_A_LEAD = (
    "conversionId channelId eventType capiStatus attributedAt eventTime eventValue eventCurrency source".split()
)
_SEND_DETAIL = {
    **_SEND,
    "conversionId": "cnv_01k9z3c1d2e3f4g5h6j7k8m9n0",
    "createdAt": 1792000000000,
    "attemptList": [_ATTEMPT],
}
_LEAD = {
    "telegramUserId": 123456789,
    "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
    "firstSeenAt": 1791990000000,
    "lastSeenAt": 1792000000000,
    "externalUserId": "customer-7",
    "conversions": [{name: value for name, value in _CONVERSION.items() if name in _CONVERSION_OF_A_LEAD}],
}
_CHANNELS = {
    "channels": [
        {
            "siteId": "site_01k9z3b7q2m4n6p8r0s2t4v6w8",
            "siteDomain": "acme.example",
            "channelId": "chn_01k9z3b7q2m4n6p8r0s2t4v6w8",
            "telegramChannelId": "-1001234567890",
            "title": "VIP",
            "funnelOrder": 0,
            "eventType": "Lead",
        }
    ]
}

CREATE_CONVERSION: dict[str, Any] = {
    "operation_id": "createConversion",
    "summary": "Record a business event and send it to every ad platform",
    "description": (
        "Kept before it is answered. `dispatched` says that sends are scheduled, not that a platform took them: "
        "GET /api/v1/conversions/{conversionId} tells."
    ),
    "tags": ["Events"],
    "parameters": [_IDEMPOTENCY, *_CLIENT],
    "examples": [
        OpenApiExample("A purchase of a cold lead", value=_COLD, request_only=True),
        OpenApiExample("Scheduled", value=_CREATED, response_only=True),
    ],
}
CREATE_LEAD_EVENT: dict[str, Any] = {
    "operation_id": "createLeadEvent",
    "summary": "Record a further event of a known lead",
    "description": "Site, channel and the visit's signals are found in what is known of the lead; name them to choose.",
    "tags": ["Events"],
    "parameters": [_PERSON, _IDEMPOTENCY, *_CLIENT],
    "examples": [
        OpenApiExample("A purchase of a known lead", value=_PURCHASE, request_only=True),
        OpenApiExample("Scheduled", value={**_CREATED, "coldLead": False}, response_only=True),
    ],
}
SUBMIT_VALUE: dict[str, Any] = {
    "operation_id": "submitValue",
    "summary": "Submit the value of a conversion that awaits it",
    "description": "It goes to the platforms then, once. The same value again is answered alike, another is refused.",
    "tags": ["Events"],
    "parameters": [_PERSON, _IDEMPOTENCY],
    "examples": [
        OpenApiExample("A value", value={"value": 49.9, "currency": "USD"}, request_only=True),
        OpenApiExample("Done", value={"success": True}, response_only=True),
    ],
}
GET_CONVERSION: dict[str, Any] = {
    "operation_id": "getConversion",
    "summary": "A conversion with its sends: where each is, and why",
    "description": "`capiStatus` sums the sends up; each send says where it is and, where it is not sent, why.",
    "tags": ["Events"],
    "examples": [OpenApiExample("Sent to Meta", value=_CONVERSION, response_only=True)],
}
GET_SEND: dict[str, Any] = {
    "operation_id": "getSend",
    "summary": "A send with every attempt: what was answered, when, and what happens next",
    "description": "`diagnostics` of an attempt is what the platform said later of what it had accepted (Google).",
    "tags": ["Events"],
    "examples": [OpenApiExample("Sent at the second attempt", value=_SEND_DETAIL, response_only=True)],
}
GET_LEAD: dict[str, Any] = {
    "operation_id": "getLead",
    "summary": "Everything known about a lead",
    "description": "The latest conversions first. With several sites the one where the lead was seen last answers.",
    "examples": [OpenApiExample("Somebody who bought", value=_LEAD, response_only=True)],
    "tags": ["Leads"],
    "parameters": [
        _PERSON,
        *_SITE,
        OpenApiParameter("limit", int, description="1 to 100 conversions."),
        OpenApiParameter("before", str, description="Only conversions before this conversionId or time in ms."),
    ],
}
ERASE_LEAD: dict[str, Any] = {
    "operation_id": "eraseLead",
    "summary": "Erase a person from the account, for good",
    "description": "Hashes, addresses, click ids and what was sent are deleted; events stay as figures of nobody. Open "
    "sends end as `skipped`, reason `erased`. Events of the person are answered 410 until they join a channel again.",
    "tags": ["Leads"],
    "parameters": [_PERSON],
}
LIST_CHANNELS: dict[str, Any] = {
    "operation_id": "listChannels",
    "summary": "The active channels of the account, or of one site",
    "description": "`channelId` or `telegramChannelId` names a channel in events.",
    "examples": [OpenApiExample("One channel", value=_CHANNELS, response_only=True)],
    "tags": ["Channels"],
    "parameters": _SITE,
}


def describe(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The post-processing hook: the Bearer key and the error envelope, for every path."""
    components = result.setdefault("components", {})
    components.setdefault("securitySchemes", {})["apiKey"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of the account: atk_live_… or atk_test_….",
    }
    components.setdefault("schemas", {})["Error"] = _ERROR
    result["security"] = [{"apiKey": []}]
    result["paths"] = {_camel_in_braces(path): operations for path, operations in result.get("paths", {}).items()}
    for operations in result["paths"].values():
        for verb, operation in operations.items():
            _name_path_parameters(operation)
            operation["responses"].update(_refusals(verb, operation["operationId"]))
    return result


def _name_path_parameters(operation: dict[str, Any]) -> None:
    """In the contract's words: Django's address converters are Python names."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["name"] = _camel(parameter["name"])
            parameter["description"] = _PATH_WORDS[parameter["name"]]


def _refusals(verb: str, operation_id: str) -> dict[str, Any]:
    statuses = dict(_REFUSALS)
    if verb in ("get", "delete"):
        statuses = {status: words for status, words in statuses.items() if status not in ("402", "413", "415")}
    if operation_id in ("createConversion", "createLeadEvent"):
        statuses["410"] = "PERSON_ERASED"
    schema = {"schema": {"$ref": "#/components/schemas/Error"}}
    return {
        status: {"description": words, "content": {"application/json": schema}}
        for status, words in sorted(statuses.items())
    }


def _camel_in_braces(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{_camel(found[1])}}}", path)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


_PATH_WORDS = {
    "telegramUserId": "The person's id at Telegram.",
    "conversionId": "As the answer to the event named it: cnv_….",
    "sendId": "As the conversion names it: snd_….",
    "webhookId": "As it was answered when it was registered: whk_….",
    "messageId": "As the list of messages names it: msg_….",
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "example": "INVALID_PAYLOAD"},
                "message": {"type": "string", "example": "channelId is required."},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}
_REFUSALS = {
    "400": "INVALID_PAYLOAD",
    "401": "AUTH_REQUIRED, INVALID_KEY or REVOKED_KEY",
    "402": "SUBSCRIPTION_INACTIVE",
    "404": "CHANNEL_NOT_FOUND, CONVERSION_NOT_FOUND, LEAD_NOT_FOUND or NOT_FOUND",
    "405": "METHOD_NOT_ALLOWED",
    "413": "PAYLOAD_TOO_LARGE",
    "415": "UNSUPPORTED_MEDIA_TYPE",
    "429": "RATE_LIMITED, with Retry-After",
    "500": "INTERNAL_ERROR",
    "503": "API_DISABLED or SERVICE_UNAVAILABLE",
}
