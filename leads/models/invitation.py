"""Invitations to an account, each accepted by the person who is invited."""

import hashlib
from datetime import datetime
from functools import partial

from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from leads.choices import Role
from leads.models.account import Account


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, *, now: datetime) -> "InvitationQuerySet":
        return self.filter(expires_at__gt=now)


class Invitation(models.Model):
    """A link by which one person may join an account. The row goes when the link is used, declined or withdrawn."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "inv"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    who = models.CharField(max_length=254, help_text="The address it was mailed to; else what the owner wrote.")
    role = models.CharField(max_length=16, choices=Role.choices)
    is_mailed = models.BooleanField(help_text="The link went to the address only, so that opening it proves it.")
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "who"], name="one_invitation_per_account_and_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.who} to {self.account}: {self.role}"


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
