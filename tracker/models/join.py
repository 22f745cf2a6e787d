from django.db import models

from leads.models import Channel, Lead
from tracker.choices import Route
from tracker.models.invite import Invite
from tracker.models.visit import Visit


class Join(models.Model):
    """One person's stay in one channel, with the evidence for where they came from."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="joins")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="joins")
    route = models.CharField(max_length=32, choices=Route.choices)
    invite = models.ForeignKey(Invite, on_delete=models.SET_NULL, null=True, blank=True, related_name="joins")
    visit = models.ForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="joins")
    joined_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    rejoins = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "lead"], name="one_stay_per_channel_and_lead")]
        indexes = [models.Index(fields=["channel", "-joined_at"], name="join_by_channel")]

    def __str__(self) -> str:
        return f"{self.lead} in {self.channel}"
