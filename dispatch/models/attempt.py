"""Attempts: one request to a platform, for one send."""

from django.db import models
from django.db.models import Q

from adtarget.core import exact_json
from dispatch.choices import Outcome
from dispatch.models.receipt import Receipt
from dispatch.models.send import Send


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def in_order(self) -> "AttemptQuerySet":
        return self.select_related("receipt").order_by("number", "id")


class Attempt(models.Model):
    """One try of one send: written before the request leaves, completed when the answer is read."""

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="attempt_set", db_index=False)
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.STARTED)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=500, blank=True)
    trace_id = models.CharField(max_length=128, blank=True)
    batch_size = models.PositiveSmallIntegerField(default=1, help_text="Events that shared the request.")
    request = models.JSONField(
        default=dict,
        encoder=exact_json.ExactNumbers,
        decoder=exact_json.Decoder,
        help_text="This event as it was sent; hashes, never tokens.",
    )
    notes = models.JSONField(default=list, blank=True, help_text="What was left out of the event, and why.")
    response = models.TextField(blank=True, help_text="The answer, redacted and cut.")
    receipt = models.ForeignKey(
        Receipt, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="attempts"
    )

    objects = AttemptQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["send", "number"], name="attempt_by_send"),
            models.Index(fields=["receipt"], name="attempt_by_receipt", condition=Q(receipt__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.send_id} #{self.number}"
