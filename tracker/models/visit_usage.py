from django.db import models

from leads.models import Site


class VisitUsage(models.Model):
    """How many visits of a site were kept on a day (UTC), and their size."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="visit_usage", db_index=False)
    day = models.DateField()
    kept = models.PositiveBigIntegerField(default=0)
    kept_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="one_visit_usage_per_site_and_day")]

    def __str__(self) -> str:
        return f"{self.site} on {self.day}: {self.kept}"


class VisitPurge(models.Model):
    """Up to which moment old visits of a site were looked through for deletion."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, primary_key=True, related_name="visit_purge")
    until = models.DateTimeField()
    last_id = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.site} until {self.until}"
