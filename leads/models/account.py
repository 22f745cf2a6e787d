"""An account: the tenant that owns sites, channels, keys and people."""

from functools import partial

from django.conf import settings
from django.db import models

from adtarget.core.ids import new_id
from leads.choices import Role


class Account(models.Model):
    """The tenant: owns sites, keys and people's access; sees nothing of another."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "acc"), editable=False)
    name = models.CharField(max_length=200, unique=True)
    requires_second_step = models.BooleanField(
        default=False, help_text="Its people sign in with a code of an authenticator app too."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one account; a person may have several accounts."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.STAFF)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="one_role_per_person_and_account"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account}: {self.role}"
