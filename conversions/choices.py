"""The closed sets of what can happen; knows nobody."""

from django.db.models import TextChoices


class EventType(TextChoices):
    LEAD = "Lead"
    PURCHASE = "Purchase"
    COMPLETE_REGISTRATION = "CompleteRegistration", "CompleteRegistration"
    SUBSCRIBE = "Subscribe"
    CUSTOM = "Custom"


class Source(TextChoices):
    """Which door a conversion came in through."""

    TRACKER = "tracker", "Tracked join"
    WEBHOOK = "webhook", "Organic join"
    API = "api", "API"


class CapiStatus(TextChoices):
    """What the platforms made of a conversion as a whole; derived from its sends."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
