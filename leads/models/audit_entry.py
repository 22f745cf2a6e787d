"""Entries of the audit trail."""

from django.db import models

from leads.models.account import Account


class AuditEntry(models.Model):
    """Who changed what, when and from where; only ever added to."""

    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, blank=True)
    actor = models.CharField(max_length=200, help_text="A user name, a key's prefix or a command.")
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=200)
    details = models.JSONField(default=dict, blank=True)
    client_ip = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
