"""Start links of bots: which visit a start belongs to."""

from django.db import models

from leads.models import Bot
from tracker.models.visit import Visit


class BotStart(models.Model):
    """A person opened a bot by a visit's link; attributes their next join to that visit."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="starts")
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, db_constraint=False, related_name="bot_starts")
    telegram_user_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    is_shared = models.BooleanField(
        default=False, db_default=False, help_text="Another person had started by the same link before."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["telegram_user_id", "visit"], name="one_bot_start_per_person_and_visit"),
        ]

    def __str__(self) -> str:
        return f"{self.telegram_user_id} started {self.bot}"
