"""The circuit breaker of each platform."""

from django.db import models

from dispatch.platforms.registry import name_of


class PlatformHealth(models.Model):
    """The breaker of a platform as a whole: a thousand pixels do not mean a thousand probes."""

    platform = models.CharField(max_length=16, primary_key=True)
    breaker_failures = models.PositiveIntegerField(default=0, help_text="Failed requests in a row, over all pixels.")
    breaker_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "platform health"

    def __str__(self) -> str:
        return name_of(self.platform)
