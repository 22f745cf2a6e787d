"""States, reasons, priorities and outcomes of delivery."""

from django.db.models import IntegerChoices, TextChoices


class SendStatus(TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Priority(IntegerChoices):
    """Lower goes first: what just happened, then what failed once, then what ops replay."""

    FRESH = 0
    RETRY = 1
    REPLAY = 2


class Reason(TextChoices):
    """Why a send ended without being sent. Platforms may add reasons of their own."""

    REJECTED = "rejected", "Refused by the platform"
    EXPIRED = "expired", "Too old for the platform by now"
    EXHAUSTED = "exhausted", "Every retry was used"
    POISON = "poison", "Lost three workers in a row"
    CANCELLED = "cancelled", "Cancelled by ops"
    EVENT_TOO_OLD = "event_too_old", "The platform no longer takes events of this age"
    MISSING_USER_AGENT = "missing_user_agent", "No user agent, which the platform requires"
    MISSING_IDENTIFIER = "missing_identifier", "Nothing the platform could match a person by"
    MISSING_GCLID = "missing_gclid", "No Google click id, e-mail or phone"
    MISSING_VALUE = "missing_value", "A purchase without value and currency"
    CURRENCY_UNSUPPORTED = "currency_unsupported", "The platform does not know this currency"
    NO_EVENT_NAME = "no_event_name", "No event name is set up for this type"
    NO_CONVERSION_ACTION = "no_conversion_action", "No conversion action is set up for this type"
    CONSENT_DENIED = "consent_denied", "The person did not consent"
    TEST_MODE = "test_mode", "A test event, and this pixel is not a test pixel"
    PIXEL_REMOVED = "pixel_removed", "The pixel was switched off"
    ERASED = "erased", "The person was erased"
    RESTORED = "restored", "Open in a restored backup"


class Outcome(TextChoices):
    """What one attempt came to. STARTED stays only where a worker was lost."""

    STARTED = "started", "Started, no answer known"
    ACCEPTED = "accepted"
    RETRY = "retry", "Refused for now"
    AUTH = "auth", "Credential or permission refused"
    REJECTED = "rejected", "Refused for good"
    AMBIGUOUS = "ambiguous", "May or may not have been processed"
    UNTOUCHED = "untouched", "Not processed: a neighbour in the request was refused"


class Counted(TextChoices):
    """What a platform reported later about a request it had accepted."""

    WAITING = "waiting", "Not known yet"
    COUNTED = "counted", "Counted"
    PARTLY = "partly", "Counted in part"
    DROPPED = "dropped", "Accepted, but not counted"
    UNKNOWN = "unknown", "Never told"
