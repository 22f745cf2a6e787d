"""The chats in which a bot is a member."""

from django.db import models

from leads.models import Bot


class BotChat(models.Model):
    """A chat in which a bot was given or lost rights: what an account may make a channel of."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="chats")
    telegram_chat_id = models.BigIntegerField()
    title = models.CharField(max_length=255, blank=True)
    username = models.CharField(max_length=64, blank=True, help_text="Public name without @; empty when private.")
    problem = models.CharField(max_length=200, blank=True, help_text="What the bot cannot do here.")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bot", "telegram_chat_id"], name="one_row_per_bot_and_chat"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.telegram_chat_id)
