"""Join clicks that got the channel's own link, and why."""

from django.db import models

from adtarget.core.loose_key import LooseForeignKey
from leads.models import Channel
from tracker.choices import FallbackReason
from tracker.models.visit import Visit


class UnattributableClick(models.Model):
    """Somebody was sent on by the channel's own link, so their join will lead back to no click."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="unattributable_clicks")
    visit = LooseForeignKey(
        Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="unattributable_clicks"
    )
    reason = models.CharField(max_length=32, choices=FallbackReason.choices)
    clicked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["channel", "-clicked_at"], name="unattributable_by_channel")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.reason}"
