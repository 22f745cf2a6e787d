"""Event types, sources and delivery states of conversions."""

from django.db.models import TextChoices


class EventType(TextChoices):
    LEAD = "Lead"
    PURCHASE = "Purchase"
    COMPLETE_REGISTRATION = "CompleteRegistration", "CompleteRegistration"
    SUBSCRIBE = "Subscribe"
    CUSTOM = "Custom"


class Source(TextChoices):
    """How a conversion was recorded."""

    TRACKER = "tracker", "Tracked join"
    WEBHOOK = "webhook", "Organic join"
    API = "api", "API"


class CapiStatus(TextChoices):
    """The delivery state of a conversion as a whole, derived from its sends."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
