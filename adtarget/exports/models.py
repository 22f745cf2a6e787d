"""Exports that a worker writes to a file: who asked, how far it is, when it is deleted."""

from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from leads.models import Account


class Kind(models.TextChoices):
    CONVERSIONS = "conversions"
    JOINS = "joins"


class State(models.TextChoices):
    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


class Export(models.Model):
    """One export of an account. While it waits or is worked on, the account gets no other one."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "exp"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    query = models.JSONField(default=dict, help_text="The list's filters, as in its address.")
    zone = models.CharField(max_length=64, help_text="Whose days the filters mean.")
    state = models.CharField(max_length=8, choices=State.choices)
    is_direct = models.BooleanField(default=False, help_text="Written into the answer of one request, never kept.")
    rows = models.PositiveIntegerField(default=0, help_text="Written so far.")
    tries = models.PositiveSmallIntegerField(default=0)
    alive_until = models.DateTimeField(null=True, help_text="Past: the worker that made it has died.")
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["waiting", "working"]),
                name="one_open_export_per_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account}"

    @property
    def is_open(self) -> bool:
        return self.state in (State.WAITING, State.WORKING)
