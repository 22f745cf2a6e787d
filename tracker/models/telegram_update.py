"""Updates received from Telegram, stored until they are applied."""

from django.db import models
from django.utils import timezone

from leads.models import Bot


class TelegramUpdate(models.Model):
    """An update of a bot, stored before it is answered and applied once."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="updates")
    update_id = models.BigIntegerField()
    body = models.JSONField(help_text="What we read of it: no names, no texts.")
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(
        default=timezone.now, help_text="When the sweep works it, unless that happened at once."
    )
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bot", "update_id"], name="one_row_per_bot_and_update")]
        indexes = [
            models.Index(fields=["due_at"], name="telegram_update_open", condition=models.Q(processed_at__isnull=True)),
            models.Index(fields=["processed_at"], name="telegram_update_done"),
        ]

    def __str__(self) -> str:
        return f"{self.bot} {self.update_id}"
