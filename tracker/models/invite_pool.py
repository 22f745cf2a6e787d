"""The state of each channel's pool of invite links."""

from django.db import models

from leads.models import Channel


class InvitePool(models.Model):
    """What all processes know about making a channel's links: who is at it, and when Telegram may be asked again."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, primary_key=True, related_name="invite_pool")
    busy_until = models.DateTimeField(null=True, blank=True, help_text="The lease of the worker that fills it.")
    rests_until = models.DateTimeField(null=True, blank=True, help_text="Telegram is not asked before.")
    target = models.PositiveIntegerField(default=0, db_default=0, help_text="Links to keep ready, by the demand.")
    last_error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"Pool of {self.channel}"
