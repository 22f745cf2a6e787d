"""Event types, sources and delivery states of conversions."""

from enum import Enum, auto

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
    HISTORY = "history", "Imported history"


#: Those that the API names.
API_SOURCES = [(source.value, source.label) for source in (Source.TRACKER, Source.WEBHOOK, Source.API)]


class Intake(Enum):
    """How an event is taken: as it happens, or later from a file."""

    LIVE = auto()
    IMPORTED = auto()  # counts for the time at which it happened, and is sent after what is fresh
    HISTORY = auto()  # the same, and is never sent


class ArrivalStatus(TextChoices):
    """What the answer to an event says: sends are on their way, or there is none."""

    PENDING = "pending", "Sends are on their way"
    SKIPPED = "skipped", "Nothing is sent"


class CapiStatus(TextChoices):
    """The delivery state of a conversion as a whole, derived from its sends."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
