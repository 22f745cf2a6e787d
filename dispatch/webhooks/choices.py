"""Types and states of outgoing webhook messages."""

from django.db.models import TextChoices


class WebhookEvent(TextChoices):
    SEND_SENT = "send.sent", "A platform took an event"
    SEND_FAILED = "send.failed", "An event failed for good"
    PIXEL_PAUSED = "pixel.paused", "A pixel was paused"
    AWAITING_VALUE = "conversion.awaiting_value", "A conversion waits for its value"
    TEST = "webhook.test", "A test"


#: What an endpoint may subscribe to; a test reaches everybody.
SUBSCRIBABLE = [event for event in WebhookEvent if event != WebhookEvent.TEST]


class MessageStatus(TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
