"""Answers kept per Idempotency-Key."""

from django.db import models

from leads.models import ApiKey


class IdempotencyRecord(models.Model):
    """The first answer to an Idempotency-Key; committed together with the work it answers."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=128)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return self.key
