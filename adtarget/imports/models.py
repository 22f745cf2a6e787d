"""Imports: what is read, how its columns are meant, and how far it is."""

from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from leads.models import Account


class State(models.TextChoices):
    MAPPING = "mapping"  # uploaded; its owner says what the columns are
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.WAITING, State.WORKING)


class Import(models.Model):
    """One file on its way in. `position` and the counts are committed together with the rows they speak of."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "imp"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="imports")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", help_text="Empty: a command."
    )
    name = models.CharField(max_length=200, help_text="Of the file.")
    sha256 = models.CharField(max_length=64, help_text="Of the file's content: by it a command finds where it was.")
    is_history = models.BooleanField(default=False, help_text="Recorded, and never sent.")
    columns = models.JSONField(default=dict, help_text="Field of the API by column; columns left out are ignored.")
    fixed = models.JSONField(default=dict, help_text="Values of fields that every row has alike.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.MAPPING)
    claim = models.CharField(max_length=40, blank=True, help_text="Changes whenever somebody begins to work on it.")
    alive_until = models.DateTimeField(null=True, help_text="Past: whoever worked on it is gone.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Begun without getting a piece further.")
    rows = models.PositiveIntegerField(default=0, help_text="In the file.")
    position = models.PositiveIntegerField(default=0, help_text="Rows that are dealt with.")
    recorded = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0, help_text="Events that were known, not sent, and completed.")
    duplicates = models.PositiveIntegerField(default=0, help_text="Events that were known; nothing changed.")
    broken = models.PositiveIntegerField(default=0)
    problems_bytes = models.PositiveBigIntegerField(default=0, help_text="Length of the file of broken rows.")
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["waiting", "working"], asked_by__isnull=False),
                name="one_open_import_per_account",
            ),
        ]
        indexes = [models.Index(fields=["account", "-created_at"], name="import_by_account")]

    def __str__(self) -> str:
        return f"{self.name} of {self.account}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
