"""The closed sets of tenants and people; knows nobody."""

from django.db.models import TextChoices


class KeyMode(TextChoices):
    LIVE = "live"
    TEST = "test"


class Role(TextChoices):
    """What a person may do in an account, strongest first."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    VIEWER = "viewer"
