"""Requests that a platform accepted and reports on later."""

from django.db import models
from django.db.models import Q

from dispatch.choices import Counted
from dispatch.models.pixel import Pixel


class Receipt(models.Model):
    """A request that a platform accepted and judges later; Google's only.

    One for all the attempts that shared the request. `due_at` is when to ask
    next, null once nothing more will be said.
    """

    pixel = models.ForeignKey(Pixel, on_delete=models.CASCADE, related_name="receipts")
    request_id = models.CharField(max_length=128)
    accepted_at = models.DateTimeField()
    events = models.PositiveSmallIntegerField(help_text="Events in the request.")
    due_at = models.DateTimeField(null=True, blank=True)
    asked = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    counted = models.CharField(max_length=8, choices=Counted.choices, default=Counted.WAITING)
    reasons = models.JSONField(default=dict, blank=True, help_text="Records that were dropped, by reason.")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="receipt_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["counted", "-accepted_at"], name="receipt_by_counted"),
        ]

    def __str__(self) -> str:
        return self.request_id
