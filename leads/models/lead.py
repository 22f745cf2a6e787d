"""Leads: one Telegram user on one site."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from leads.models.site import Site

LARGEST_TELEGRAM_ID = 2**52 - 1


class Lead(models.Model):
    """One Telegram user on one site.

    The row is also the lock under which this person's conversions are
    recorded: only the transaction that holds it may look for duplicates and insert.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="leads", db_index=False)
    telegram_user_id = models.BigIntegerField()
    telegram_username = models.CharField(max_length=64, blank=True)
    external_user_id = models.CharField(max_length=512, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "telegram_user_id"], name="one_lead_per_site_and_person"),
            models.CheckConstraint(
                condition=Q(telegram_user_id__gte=1, telegram_user_id__lte=LARGEST_TELEGRAM_ID),
                name="lead_telegram_user_id_in_range",
            ),
        ]
        indexes = [
            models.Index(fields=["telegram_user_id"], name="lead_by_person"),
            models.Index(fields=["site", "-id"], name="lead_by_site"),
            models.Index(Upper("telegram_username"), name="lead_by_username"),
            models.Index(fields=["external_user_id"], name="lead_by_external_id", condition=~Q(external_user_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.telegram_user_id} on {self.site}"
