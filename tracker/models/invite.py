"""Invite links, each for one visitor."""

from functools import partial

from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from adtarget.core.loose_key import LooseForeignKey
from leads.models import Bot, Channel
from tracker.models.visit import Visit


class Invite(models.Model):
    """A one-person invite link: made ahead, given to one visit, used once."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "inv"), editable=False)
    # Three indexes below begin with the channel.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="invites", db_index=False)
    bot = models.ForeignKey(
        Bot,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text="Who made it, and alone may revoke it; empty: the channel's bot.",
    )
    link = models.CharField(max_length=255, unique=True)
    creates_join_request = models.BooleanField(default=False)
    visit = LooseForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="invites")
    temp_id = models.UUIDField(null=True, blank=True, help_text="The visitor it was given to.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True, blank=True)
    clicks = models.PositiveIntegerField(default=0, help_text="How often its visitor was sent on by it.")
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["channel", "created_at"],
                name="invite_pool",
                condition=Q(given_at__isnull=True, revoked_at__isnull=True),
            ),
            models.Index(fields=["channel", "given_at"], name="invite_by_giving", condition=Q(given_at__isnull=False)),
            models.Index(fields=["channel", "temp_id"], name="invite_by_visitor"),
            models.Index(fields=["channel", "-created_at"], name="invite_by_age"),
            models.Index(
                fields=["expires_at"],
                name="invite_to_revoke",
                condition=Q(used_at__isnull=False, revoked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.pk
