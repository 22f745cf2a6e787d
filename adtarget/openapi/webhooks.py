"""The outgoing webhooks in the OpenAPI document, one entry a type."""

from typing import Any

from drf_spectacular.plumbing import process_webhooks
from drf_spectacular.utils import OpenApiResponse, OpenApiWebhook, extend_schema, inline_serializer
from rest_framework import serializers

from dispatch.webhooks.choices import WebhookEvent
from dispatch.webhooks.schema import DATA

_HEADERS = {
    "webhook-id": ("The id of the message, the same at every attempt.", "msg_01k9z3c1d2e3f4g5h6j7k8m9n3"),
    "webhook-timestamp": ("When the attempt was signed, in Unix seconds.", "1792000000"),
    "webhook-signature": (
        "By the Standard Webhooks convention: `v1,` and a base64 HMAC-SHA256; two of them after a rotation.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def messages(registry: Any) -> dict[str, Any]:
    """The `webhooks` of the document."""
    described = process_webhooks([OpenApiWebhook(event.value, _decorator(event)) for event in WebhookEvent], registry)
    for event in WebhookEvent:
        registry[f"{_pascal(event.value)}Message", "schemas"].schema["description"] = f"{event.label}."
    for name, verbs in described.items():
        verbs["post"] |= {
            "operationId": f"on{_pascal(name)}",
            "security": [],
            "parameters": [
                {
                    "in": "header",
                    "name": header,
                    "required": True,
                    "description": words,
                    "schema": {"type": "string"},
                    "example": example,
                }
                for header, (words, example) in _HEADERS.items()
            ],
        }
    return dict(described)


def _decorator(event: WebhookEvent) -> Any:
    message = inline_serializer(
        f"{_pascal(event.value)}Message",
        {
            "type": serializers.ChoiceField(choices=[event.value]),
            "timestamp": serializers.DateTimeField(),
            "data": DATA[event](),
        },
    )
    return extend_schema(
        summary=f"{event.label}",
        description="Answer any 2xx within ten seconds; 410 ends the messages. Other answers are tried again.",
        tags=["Webhooks"],
        request=message,
        responses={
            "2XX": OpenApiResponse(description="Taken."),
            "410": OpenApiResponse(description="No more messages, please: the webhook is paused."),
        },
    )


def _pascal(name: str) -> str:
    return "".join(part.title() for part in name.replace("_", ".").split("."))
