"""The data of webhook messages, described for the OpenAPI document. `outbox` writes it."""

from rest_framework import serializers

from adtarget.api.fields import Moment, Money, TelegramId
from conversions.choices import EventType
from dispatch import reasons
from dispatch.platforms.registry import choices
from dispatch.webhooks.choices import WebhookEvent


class WebhookConversion(serializers.Serializer):
    """The conversion that a message is about. No hashes, addresses or click ids."""

    conversionId = serializers.CharField()
    siteId = serializers.CharField()
    channelId = serializers.CharField()
    telegramUserId = TelegramId()
    eventType = serializers.ChoiceField(choices=EventType.choices)
    customEventName = serializers.CharField(allow_null=True)
    eventTime = Moment()
    value = Money(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    orderId = serializers.CharField(allow_null=True)
    eventId = serializers.CharField()
    test = serializers.BooleanField()


class WebhookSendError(serializers.Serializer):
    """What the platform said."""

    code = serializers.CharField()
    message = serializers.CharField()


class WebhookSend(WebhookConversion):
    """A send that ended, with its conversion."""

    sendId = serializers.CharField()
    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField()
    status = serializers.ChoiceField(choices=[("sent", "Sent"), ("failed", "Failed")])
    reason = serializers.ChoiceField(choices=reasons.choices(), allow_null=True)
    error = WebhookSendError(allow_null=True)


class WebhookPixel(serializers.Serializer):
    """A pixel that was paused."""

    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField()
    siteId = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class WebhookTest(serializers.Serializer):
    """A test says a sentence."""

    message = serializers.CharField()


#: The data of each type of message.
DATA: dict[WebhookEvent, type[serializers.Serializer]] = {
    WebhookEvent.SEND_SENT: WebhookSend,
    WebhookEvent.SEND_FAILED: WebhookSend,
    WebhookEvent.PIXEL_PAUSED: WebhookPixel,
    WebhookEvent.AWAITING_VALUE: WebhookConversion,
    WebhookEvent.TEST: WebhookTest,
}
