"""What the OpenAPI document says of all endpoints: the API key, shared parameters, the error envelope."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from adtarget.api.fields import AnswerSerializer

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="1 to 128 printable ASCII characters. A repeat within 24 h gets the first answer and does nothing.",
)
CLIENT = [
    OpenApiParameter("X-Adtarget-Client-IP", str, OpenApiParameter.HEADER, description="The end user's IP."),
    OpenApiParameter(
        "X-Adtarget-Client-User-Agent", str, OpenApiParameter.HEADER, description="The end user's user agent."
    ),
]
PERSON = OpenApiParameter("telegram_user_id", OpenApiTypes.INT64, OpenApiParameter.PATH)
SITE = [
    OpenApiParameter("siteId", str, description="Choose a site where the lead or account has several."),
    OpenApiParameter("websiteId", str, description="The same by websiteId."),
]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description names leads.authentication."""

    target_class = "leads.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of the account: atk_live_… or atk_test_….",
        }


class Schema(AutoSchema):
    """Answers as they are: a list comes in an object, and what is absent is left out instead of null."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, AnswerSerializer):
            absent = {name for name, field in schema["properties"].items() if field.pop("nullable", False)}
            schema["required"] = [name for name in schema.get("required", ()) if name not in absent]
        return schema


def describe(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The post-processing hook: the API key and the error envelope, for every path."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = _ERROR
    result["paths"] = {_camel_in_braces(path): operations for path, operations in result.get("paths", {}).items()}
    for operations in result["paths"].values():
        for verb, operation in operations.items():
            _name_path_parameters(operation)
            operation["responses"].update(_refusals(verb, operation["operationId"]))
    return result


def _name_path_parameters(operation: dict[str, Any]) -> None:
    """Writes path parameters in camelCase; Django's URL converters are Python names."""
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
