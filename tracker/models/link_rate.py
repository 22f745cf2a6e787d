"""How fast each bot may make invite links in a channel, learnt from Telegram's answers."""

from django.db import models

from leads.models import Bot


class LinkRate(models.Model):
    """How fast Telegram lets one bot make links for one chat, as its answers have shown."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="link_rates")
    telegram_channel_id = models.BigIntegerField()
    per_minute = models.FloatField()
    rests_until = models.DateTimeField(null=True, blank=True, help_text="Telegram is not asked in this chat before.")
    too_fast_until = models.DateTimeField(null=True, blank=True, help_text="The bot asks in no chat before.")
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bot", "telegram_channel_id"], name="one_link_rate_per_bot_and_chat"),
        ]

    def __str__(self) -> str:
        return f"{self.bot} in {self.telegram_channel_id}: {self.per_minute:.0f} a minute"
