"""Modes of API keys, roles of members, consent policies of sites."""

from django.db.models import TextChoices


class KeyMode(TextChoices):
    LIVE = "live"
    TEST = "test"


class ConsentPolicy(TextChoices):
    """Whether what a visitor agreed to decides about sending."""

    NOT_ASKED = "not_asked", "Not asked: every event is sent"
    REQUIRED = "required", "Required: nothing is sent without a yes"
    AS_TOLD = "as_told", "As told: each platform by what the visitor said"


class Role(TextChoices):
    """What a person may do in an account, strongest first."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    VIEWER = "viewer"
