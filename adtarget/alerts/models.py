"""Alerts, alert settings and the notices sent."""

from functools import partial

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from adtarget.alerts.choices import AlertKind, Occasion, Route
from adtarget.core.ids import new_id
from leads.models import Account, Bot


def _between(least: int, most: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(least), MaxValueValidator(most)]


class AlertSettings(models.Model):
    """Which alerts an account wants, and where. Without a row: all of them, on its pages only."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="alert_settings")
    muted = models.JSONField(default=list, blank=True, help_text="Kinds that are not watched.")
    failure_percent = models.PositiveSmallIntegerField(default=20, validators=_between(1, 100))
    failure_least = models.PositiveSmallIntegerField(
        default=20, validators=_between(1, 10_000), help_text="Sends that must have ended within the hour."
    )
    silence_hours = models.PositiveSmallIntegerField(default=24, validators=_between(1, 720))
    values_hours = models.PositiveSmallIntegerField(default=24, validators=_between(1, 168))
    emails = models.JSONField(default=list, blank=True, help_text="Addresses that are told.")
    telegram_bot = models.ForeignKey(Bot, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    telegram_chat_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "alert settings"

    def __str__(self) -> str:
        return f"Alerts of {self.account}"

    def watches(self, kind: str) -> bool:
        return kind not in self.muted

    @property
    def routes(self) -> list[Route]:
        """The ways of notifying that are set up."""
        telegram = self.telegram_bot_id is not None and self.telegram_chat_id is not None
        return [Route.EMAIL] * bool(self.emails) + [Route.TELEGRAM] * telegram


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> "AlertQuerySet":
        return self.filter(resolved_at__isnull=True)


class Alert(models.Model):
    """One problem, from when it was found until it was over."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "alr"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=16, choices=AlertKind.choices)
    subject = models.CharField(max_length=64, blank=True, help_text="Id of what it is about; empty: the account.")
    text = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When people were last to be told.")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject"],
                condition=Q(resolved_at__isnull=True),
                name="one_open_alert_per_subject",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_is_known"),
        ]
        indexes = [
            models.Index(fields=["account", "-opened_at"], name="alert_by_account"),
            models.Index(fields=["resolved_at"], name="alert_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"


class Notice(models.Model):
    """One message about an alert on one way. This row is the truth: while `due_at` is set it is to be sent then.

    A worker that takes it moves `due_at` to the end of its lease.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    occasion = models.CharField(max_length=8, choices=Occasion.choices)
    route = models.CharField(max_length=8, choices=Route.choices)
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="Of the last attempt.")
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sent_at__isnull=True) | Q(due_at__isnull=True), name="sent_is_not_due"),
        ]
        indexes = [models.Index(fields=["due_at"], name="notice_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.occasion} of {self.alert_id} by {self.route}"

    @property
    def has_failed(self) -> bool:
        return self.sent_at is None and self.due_at is None
