from django.db import models
from django.utils import timezone

from leads.models.account import Account


class UnreadableRow(models.Model):
    """A row of any table that is in the database but cannot be read: a damaged file, a change made by hand."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    table = models.CharField(max_length=100, help_text="Its model, such as conversions.conversion.")
    row_id = models.CharField(max_length=64)
    problem = models.CharField(max_length=100, help_text="The kind of the error; its content is not kept.")
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "row_id"], name="one_note_per_unreadable_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id}"
