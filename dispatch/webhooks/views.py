"""The endpoints under /api/v1/webhooks."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api import parsing
from adtarget.api.views import ApiViewSet, key_of
from adtarget.core import errors
from conversions.idempotency import idempotent
from dispatch.webhooks import delivering, endpoints, outbox
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage
from dispatch.webhooks.serializers import (
    WebhookAnswer,
    WebhookChange,
    WebhookListAnswer,
    WebhookMessageAnswer,
    WebhookMessageListAnswer,
    WebhookRequest,
    WebhookSecretAnswer,
)

SHOWN_MESSAGES = 50
_EXAMPLE = OpenApiExample(
    "Told of ends", value={"url": "https://acme.example/hooks", "events": ["send.failed"]}, request_only=True
)


class WebhookViewSet(ApiViewSet):
    @extend_schema(
        operation_id="listWebhooks",
        summary="The account's webhooks",
        description="Of the whole account: a test key, or a key that is limited to one site, is answered 404.",
        tags=["Webhooks"],
        responses={200: WebhookListAnswer},
    )
    def list(self, request: Request) -> Response:
        return Response(WebhookListAnswer({"webhooks": _mine(request).order_by("pk")}).data)

    @extend_schema(
        operation_id="createWebhook",
        summary="Register a URL that receives messages",
        description="An https URL on the public internet. Its secret is read at /webhooks/{webhookId}/secret.",
        tags=["Webhooks"],
        request=WebhookRequest,
        responses={200: WebhookAnswer},
        examples=[_EXAMPLE],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        _mine(request)
        given = parsing.parse(WebhookRequest, request._request)
        try:
            endpoint = endpoints.register(account=key_of(request).account, **given)
        except endpoints.TooManyEndpoints as error:
            raise errors.InvalidPayload(str(error)) from error
        return Response(WebhookAnswer(endpoint).data)

    @extend_schema(
        operation_id="getWebhook",
        summary="A webhook: whether it works, and since when not",
        description="`failingSince` is the first failure since the last success.",
        tags=["Webhooks"],
        responses={200: WebhookAnswer},
    )
    def retrieve(self, request: Request, webhook_id: str) -> Response:
        return Response(WebhookAnswer(_named(request, webhook_id)).data)

    @extend_schema(
        operation_id="changeWebhook",
        summary="Change a webhook, switch it off, or resume it",
        description="What is not named stays. `active: true` resumes a paused one; what waits for it goes out.",
        tags=["Webhooks"],
        request=WebhookChange,
        responses={200: WebhookAnswer},
        examples=[OpenApiExample("Resume it", value={"active": True}, request_only=True)],
    )
    def partial_update(self, request: Request, webhook_id: str) -> Response:
        endpoint = _named(request, webhook_id)
        given = parsing.parse(WebhookChange, request._request)
        endpoint.url = given.get("url") or endpoint.url
        endpoint.events = sorted(set(given.get("events", endpoint.events)))
        endpoint.is_active = given.get("active", endpoint.is_active)
        endpoint.save(update_fields=["url", "events", "is_active"])
        if given.get("active"):
            delivering.resume(endpoint, now=timezone.now())
            endpoint.refresh_from_db()
        return Response(WebhookAnswer(endpoint).data)

    @extend_schema(
        operation_id="deleteWebhook",
        summary="Delete a webhook with its messages",
        description="Messages not delivered yet are dropped.",
        tags=["Webhooks"],
        responses={204: None},
    )
    def destroy(self, request: Request, webhook_id: str) -> Response:
        endpoints.delete(_named(request, webhook_id), now=timezone.now())
        return Response(status=204)

    @extend_schema(
        operation_id="getWebhookSecret",
        summary="The secret that signs a webhook's messages",
        description="By the Standard Webhooks convention.",
        tags=["Webhooks"],
        responses={200: WebhookSecretAnswer},
    )
    def secret(self, request: Request, webhook_id: str) -> Response:
        return Response(WebhookSecretAnswer({"secret": endpoints.secret_of(_named(request, webhook_id))}).data)

    @extend_schema(
        operation_id="rotateWebhookSecret",
        summary="Make a new secret; the former one signs beside it for 24 hours",
        description="Read it at /webhooks/{webhookId}/secret.",
        tags=["Webhooks"],
        request=None,
        responses={200: WebhookAnswer},
    )
    @idempotent
    def rotate_secret(self, request: Request, webhook_id: str) -> Response:
        endpoint = _named(request, webhook_id)
        endpoints.rotate_secret(endpoint, now=timezone.now())
        return Response(WebhookAnswer(endpoint).data)

    @extend_schema(
        operation_id="testWebhook",
        summary="Send a `webhook.test` message",
        description="It goes the way of every message; what came back is read at /webhooks/{webhookId}/messages.",
        tags=["Webhooks"],
        request=None,
        responses={200: WebhookMessageAnswer},
    )
    @idempotent
    def test(self, request: Request, webhook_id: str) -> Response:
        message = outbox.tell_a_test(_named(request, webhook_id), now=timezone.now())
        return Response(WebhookMessageAnswer(message).data)

    @extend_schema(
        operation_id="listWebhookMessages",
        summary=f"The last {SHOWN_MESSAGES} messages with their attempts, newest first",
        description="Messages are kept for 30 days.",
        tags=["Webhooks"],
        responses={200: WebhookMessageListAnswer},
    )
    def messages(self, request: Request, webhook_id: str) -> Response:
        messages = _named(request, webhook_id).messages.order_by("-created_at", "-pk").prefetch_related("attempt_set")
        return Response(WebhookMessageListAnswer({"messages": messages[:SHOWN_MESSAGES]}).data)

    @extend_schema(
        operation_id="retryWebhookMessage",
        summary="Send a message again, under the same id",
        description="Its retries begin anew.",
        tags=["Webhooks"],
        request=None,
        responses={200: WebhookMessageAnswer},
    )
    @idempotent
    def retry(self, request: Request, webhook_id: str, message_id: str) -> Response:
        message = WebhookMessage.objects.filter(endpoint=_named(request, webhook_id), pk=message_id).first()
        if message is None:
            raise errors.NotFound("There is no such message.")
        delivering.retry_message(message, now=timezone.now())
        message.refresh_from_db()
        return Response(WebhookMessageAnswer(message).data)


def _mine(request: Request) -> QuerySet[WebhookEndpoint]:
    """The account's webhooks. Raises NotFound for a test key and for a key of one site."""
    if not key_of(request).acts_for_account:
        raise errors.NotFound("Webhooks belong to the account. Use a live key that is not limited to a site.")
    return WebhookEndpoint.objects.filter(account=key_of(request).account_id)


def _named(request: Request, webhook_id: str) -> WebhookEndpoint:
    endpoint = _mine(request).filter(pk=webhook_id).first()
    if endpoint is None:
        raise errors.NotFound("There is no such webhook.")
    return endpoint
