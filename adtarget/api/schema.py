"""What the OpenAPI document says of all endpoints: the API key and shared parameters.

`adtarget.openapi` adds what needs the whole document.
"""

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

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        """`ConversionRequest` stays that, instead of `ConversionRequestRequest`."""
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        return name.replace("RequestRequest", "Request")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, AnswerSerializer):
            fields = schema["properties"]
            may_lack = {name for name, field in fields.items() if _is_nullable(field)}
            schema["properties"] = {name: _without_null(field) for name, field in fields.items()}
            schema["required"] = [name for name in schema.get("required", ()) if name not in may_lack]
        return schema


_NULL = {"type": "null"}


def _is_nullable(field: dict[str, Any]) -> bool:
    return "null" in field.get("type", ()) or _NULL in field.get("oneOf", ())


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """The schema of what an answer says when it says it."""
    field = {name: value for name, value in field.items() if name != "readOnly"}
    if isinstance(field.get("type"), list):
        (field["type"],) = (name for name in field["type"] if name != "null")
    if "enum" in field:
        field["enum"] = [value for value in field["enum"] if value is not None]
    if "oneOf" in field:
        (kind,) = (one for one in field.pop("oneOf") if one != _NULL)
        field |= kind
    return field
