"""Endpoints of outgoing webhooks and the messages to them."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import models
from django.db.models import Q

from adtarget.core import encryption, exact_json
from adtarget.core.ids import new_id
from dispatch.webhooks.choices import MessageStatus, WebhookEvent
from leads.models import Account


class KeptEndpoints(models.Manager["WebhookEndpoint"]):
    """Endpoints that are not deleted."""

    def get_queryset(self) -> models.QuerySet["WebhookEndpoint"]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class WebhookEndpoint(models.Model):
    """A URL of the account that receives messages.

    Paused: it was gone, or failed for days without one success. Messages wait
    as pending, as sends do for a paused pixel.

    Deleting marks it; `endpoints.purge_deleted` removes the rows later. A worker
    that is writing a message of it at this moment is not disturbed.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "whk"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhook_endpoints")
    url = models.CharField(max_length=2048, verbose_name="URL")
    events = models.JSONField(default=list, blank=True, help_text="Message types it receives; all where empty.")
    secret_encrypted = models.TextField(editable=False)
    former_secret_encrypted = models.TextField(editable=False, default="")
    former_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_message = models.CharField(max_length=200, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = KeptEndpoints()
    with_deleted = models.Manager["WebhookEndpoint"]()

    def __str__(self) -> str:
        return self.url

    def wants(self, event: str) -> bool:
        return not self.events or event in self.events

    def secrets(self, now: datetime) -> list[str]:
        """Those that sign now: after a rotation the former one too, for a day."""
        found = [encryption.decrypt(self.secret_encrypted)]
        if self.former_secret_until and self.former_secret_until > now:
            found.append(encryption.decrypt(self.former_secret_encrypted))
        return found


class WebhookMessage(models.Model):
    """One message to one endpoint; `due_at` and `claim` work as on a send."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "msg"), editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="messages")
    event = models.CharField(max_length=32, choices=WebhookEvent.choices)
    data = models.JSONField(encoder=exact_json.ExactNumbers, decoder=exact_json.Decoder)
    status = models.CharField(max_length=8, choices=MessageStatus.choices, default=MessageStatus.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lost_leases = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    last_answer = models.CharField(max_length=200, blank=True, help_text="What came back last.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=MessageStatus.PENDING, due_at__isnull=False)
                | (~Q(status=MessageStatus.PENDING) & Q(due_at__isnull=True, claim__isnull=True)),
                name="only_a_pending_message_is_due",
            )
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], name="message_due", condition=Q(status=MessageStatus.PENDING)),
            models.Index(fields=["endpoint", "-created_at"], name="message_by_endpoint"),
            models.Index(fields=["created_at"], name="message_by_age"),
        ]

    def __str__(self) -> str:
        return self.pk

    @property
    def body(self) -> dict[str, Any]:
        """The document as it is sent, the same at every attempt."""
        return {"type": self.event, "timestamp": self.created_at.isoformat(), "data": self.data}


class WebhookAttempt(models.Model):
    """One try of one message."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="attempt_set")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=1000, blank=True, help_text="The answer or what went wrong, cut.")

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number}"
