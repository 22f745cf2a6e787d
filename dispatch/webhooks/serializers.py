"""Requests and answers of the webhook endpoints."""

from rest_framework import serializers

from adtarget.api.fields import AnswerSerializer, Choice, Flag, Moment, Text
from adtarget.core.times import milliseconds
from dispatch.webhooks import endpoints, targets
from dispatch.webhooks.choices import SUBSCRIBABLE, MessageStatus, WebhookEvent
from dispatch.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage


class WebhookRequest(serializers.Serializer):
    """An endpoint to be made, or what to change of one."""

    url = Text(max_length=targets.LONGEST_URL)
    events = serializers.ListField(
        child=Choice(choices=[(event.value, event.label) for event in SUBSCRIBABLE]),
        required=False,
        help_text="The message types it receives; all of them where empty.",
    )

    def validate_url(self, url: str) -> str:
        try:
            endpoints.check(url)
        except targets.WrongTarget as error:
            raise serializers.ValidationError(str(error)) from error
        return url


class WebhookChange(WebhookRequest):
    """What to change of an endpoint."""

    url = Text(max_length=targets.LONGEST_URL, required=False, allow_blank=False)
    active = Flag(required=False, help_text="true also resumes a paused endpoint.")


class WebhookAnswer(AnswerSerializer):
    """An endpoint: what it gets, and whether it works."""

    webhookId = serializers.CharField(source="pk")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField(source="is_active")
    pausedAt = Moment(source="paused_at", allow_null=True)
    pauseReason = serializers.SerializerMethodField()
    failingSince = Moment(source="failing_since", allow_null=True)
    createdAt = Moment(source="created_at")

    def get_pauseReason(self, endpoint: WebhookEndpoint) -> str | None:
        return endpoint.pause_message or None


class WebhookListAnswer(AnswerSerializer):
    """GET /webhooks: the account's endpoints."""

    webhooks = WebhookAnswer(many=True)


class WebhookSecretAnswer(AnswerSerializer):
    """The secret of an endpoint."""

    secret = serializers.CharField(help_text="whsec_ and base64; its bytes are the key of the signatures.")


class WebhookAttemptAnswer(AnswerSerializer):
    """One try of a message."""

    number = serializers.IntegerField()
    startedAt = Moment(source="started_at")
    durationMs = serializers.IntegerField(source="duration_ms", allow_null=True)
    httpStatus = serializers.IntegerField(source="http_status", allow_null=True)
    answer = serializers.SerializerMethodField()

    def get_answer(self, attempt: WebhookAttempt) -> str | None:
        return attempt.answer or None


class WebhookMessageAnswer(AnswerSerializer):
    """A message with its tries."""

    messageId = serializers.CharField(source="pk")
    type = serializers.ChoiceField(choices=WebhookEvent.choices, source="event")
    status = serializers.ChoiceField(choices=MessageStatus.choices)
    createdAt = Moment(source="created_at")
    nextAttemptAt = serializers.SerializerMethodField()
    body = serializers.DictField()
    attempts = WebhookAttemptAnswer(many=True, source="attempt_set")

    def get_nextAttemptAt(self, message: WebhookMessage) -> int | None:
        return milliseconds(message.due_at) if message.due_at and not message.claim else None


class WebhookMessageListAnswer(AnswerSerializer):
    """Messages of one endpoint, newest first."""

    messages = WebhookMessageAnswer(many=True)
