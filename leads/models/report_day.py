"""Which days of an account the daily reports hold, and which of them have changed since."""

from django.db import models
from django.db.models import Q

from leads.models.account import Account


class ReportDay(models.Model):
    """One day (UTC) of an account. What is not current is counted from the rows until it is counted again."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="report_days", db_index=False)
    day = models.DateField()
    figures_current = models.BooleanField(default=False, help_text="Conversions, their sources, clicks and joins.")
    sends_current = models.BooleanField(default=False)
    has_open_sends = models.BooleanField(default=False, help_text="Counted again until all have ended.")
    visits_counted = models.BooleanField(default=False, help_text="Once: visits do not change, but are deleted.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_report_day_per_account_and_day")]
        indexes = [
            models.Index(
                fields=["day"],
                name="report_day_to_count",
                condition=Q(figures_current=False)
                | Q(sends_current=False)
                | Q(has_open_sends=True)
                | Q(visits_counted=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} on {self.day}"
