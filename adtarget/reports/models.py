"""Counted figures. Each row begins at an hour or a day in UTC; `leads.ReportDay` says which days hold."""

from django.db import models

from adtarget.core.money_field import MoneyField
from dispatch.models import Pixel
from leads.models import Account, Channel, Site


class Counted(models.Model):
    """What all counted figures have. They are read by account and time, and written a day at a time."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    begins_at = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.account_id} {self.begins_at:%Y-%m-%d %H:%M}: {self.count}"


class EventHour(Counted):
    """Conversions that are no tests of an hour, and their value. A sum above 2**62 units takes several rows."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_type = models.CharField(max_length=32)
    currency = models.CharField(max_length=3, blank=True)
    value = MoneyField()

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="event_hour_by_account")]


class SourceDay(Counted):
    """The same of a day, by the UTM tags of the visit behind each."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=512, blank=True)
    campaign = models.CharField(max_length=512, blank=True)
    ad = models.CharField(max_length=512, blank=True)
    event_type = models.CharField(max_length=32)
    currency = models.CharField(max_length=3, blank=True)
    value = MoneyField()

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="source_day_by_account")]


class VisitDay(Counted):
    """Visits of a day. They stay when the visits themselves are deleted."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="visit_day_by_account")]


class ClickDay(Counted):
    """Invite links given on a day."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="click_day_by_account")]


class JoinDay(Counted):
    """First joins of a day, and those of them without a visit."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    organic = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="join_day_by_account")]


class SendDay(Counted):
    """Sends made on a day, by what became of them. Tests are deliveries too."""

    pixel = models.ForeignKey(Pixel, on_delete=models.CASCADE, related_name="+", db_index=False)
    status = models.CharField(max_length=8)
    reason = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "begins_at"], name="send_day_by_account")]
