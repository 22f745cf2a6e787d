"""Sends: one conversion on its way to one pixel. The rows are the queue."""

from datetime import datetime
from functools import partial

from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from conversions.models import Conversion
from dispatch.choices import Priority, Reason, SendStatus
from dispatch.models.pixel import Pixel
from dispatch.platforms.registry import name_of
from dispatch.reasons import words_of


class SendQuerySet(models.QuerySet["Send"]):
    def open(self) -> "SendQuerySet":
        return self.filter(status=SendStatus.PENDING)

    def due(self, now: datetime) -> "SendQuerySet":
        """Pending and to be looked at by now; a claimed send is due again when its lease ends."""
        return self.open().filter(due_at__lte=now)


class Send(models.Model):
    """One conversion for one pixel. Workers read this row; queue messages are only hints.

    While pending, `due_at` is the moment a worker should next look: a claim
    moves it to the end of the lease, a retry to the end of the wait. `claim`
    names the worker that holds it and fences out late ones.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "snd"), editable=False)
    conversion = models.ForeignKey(Conversion, on_delete=models.CASCADE, db_index=False, related_name="sends")
    pixel = models.ForeignKey(Pixel, on_delete=models.CASCADE, db_index=False, related_name="sends")
    platform = models.CharField(max_length=16)
    status = models.CharField(max_length=8, choices=SendStatus.choices, default=SendStatus.PENDING)
    reason = models.CharField(max_length=32, choices=Reason.choices, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.FRESH)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lost_leases = models.PositiveSmallIntegerField(default=0, help_text="Workers lost in a row.")
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Retries used of the schedule.")
    uncertain_since = models.DateTimeField(
        null=True, blank=True, help_text="First attempt that the platform may have counted without our knowing."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_trace_id = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()

    objects = SendQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversion", "pixel"], name="one_send_per_conversion_and_pixel"),
            models.CheckConstraint(
                condition=Q(status=SendStatus.PENDING, due_at__isnull=False)
                | Q(
                    status__in=[SendStatus.SENT, SendStatus.FAILED, SendStatus.SKIPPED],
                    due_at__isnull=True,
                    claim__isnull=True,
                ),
                name="only_a_pending_send_is_due_or_claimed",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[SendStatus.PENDING, SendStatus.SENT]) | ~Q(reason=""),
                name="an_unsent_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status=SendStatus.SENT) ^ Q(sent_at__isnull=True), name="sent_at_belongs_to_sent"
            ),
        ]
        indexes = [
            models.Index(
                fields=["pixel", "priority", "due_at"], name="send_due_by_pixel", condition=Q(status=SendStatus.PENDING)
            ),
            models.Index(fields=["due_at"], name="send_due", condition=Q(status=SendStatus.PENDING)),
            models.Index(fields=["status", "-created_at"], name="send_by_status"),
            # The list of an account's sends is the newest of each of its pixels; a day's are counted from it.
            models.Index(fields=["pixel", "-created_at", "status", "reason"], name="send_by_pixel_and_time"),
            models.Index(
                fields=["pixel", "status", "-created_at"],
                name="send_unsent_by_pixel",
                condition=~Q(status=SendStatus.SENT),
            ),
            models.Index(fields=["pixel", "reason", "-created_at"], name="send_by_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return self.pk

    @property
    def reason_label(self) -> str:
        """Why it ended, in words for a list; '' while there is no reason."""
        return words_of(self.reason).label if self.reason else ""

    @property
    def platform_name(self) -> str:
        return name_of(self.platform)
