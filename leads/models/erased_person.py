"""Hashes of the people an account has erased."""

from django.db import models

from leads.models.account import Account


class ErasedPerson(models.Model):
    """Tombstone of a person whom the account erased: events from before that are refused."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="erased_people")
    person_sha256 = models.CharField(max_length=64, help_text="Of account and Telegram id.")
    erased_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "erased people"
        constraints = [models.UniqueConstraint(fields=["account", "person_sha256"], name="one_row_per_erased_person")]

    def __str__(self) -> str:
        return self.person_sha256[:12]
