"""Joins of a channel: when a person asked, joined and left, and by which link."""

from datetime import datetime

from django.db import models

from adtarget.core.loose_key import LooseForeignKey
from leads.models import Channel, Lead
from tracker.choices import Route, Tap
from tracker.models.invite import Invite
from tracker.models.visit import Visit


class Join(models.Model):
    """One person's stay in one channel, with the evidence for where they came from.

    A row without `joined_at` is a request to join that nobody has let in yet.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="joins", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="joins")
    route = models.CharField(max_length=32, choices=Route.choices)
    tap_before = models.CharField(
        max_length=16,
        choices=Tap.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Tells a join lost on the way from an organic one.",
    )
    invite = models.ForeignKey(Invite, on_delete=models.SET_NULL, null=True, blank=True, related_name="joins")
    visit = LooseForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="joins")
    joined_at = models.DateTimeField(null=True, blank=True, help_text="The first time.")
    last_joined_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    approval_due_at = models.DateTimeField(null=True, blank=True, help_text="When we ask Telegram to let them in.")
    approved_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    rejoins = models.PositiveIntegerField(default=0)
    qualifies_at = models.DateTimeField(null=True, blank=True, help_text="When they have stayed long enough.")
    counted_at = models.DateTimeField(null=True, blank=True, help_text="When the channel's event was recorded.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "lead"], name="one_stay_per_channel_and_lead")]
        indexes = [
            # Holds all that the channel's page counts, so that it need not look at the rows.
            models.Index(
                fields=["channel", "joined_at", "route", "tap_before", "left_at", "last_joined_at", "visit"],
                name="join_by_channel",
            ),
            models.Index(
                fields=["channel", "joined_at"], name="join_of_who_left", condition=models.Q(left_at__isnull=False)
            ),
            models.Index(
                fields=["qualifies_at"], name="join_to_qualify", condition=models.Q(qualifies_at__isnull=False)
            ),
            models.Index(
                fields=["approval_due_at"], name="join_to_approve", condition=models.Q(approval_due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead} in {self.channel}"

    @property
    def evidence(self) -> str:
        """The route by which they came, or why it is unknown."""
        route = self.get_route_display()
        return f"{route}; {self.get_tap_before_display()}" if self.tap_before else route

    @property
    def arrived_at(self) -> datetime | None:
        """The latest time they came in."""
        return self.last_joined_at or self.joined_at
