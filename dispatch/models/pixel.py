"""Pixels: one connection of a site to one ad platform."""

from functools import partial

from django.conf import settings
from django.db import models

from adtarget.core import encryption
from adtarget.core.ids import new_id
from dispatch.platforms.facts import PixelConfig
from dispatch.platforms.registry import PLATFORMS, name_of
from leads.models import Site


class PixelQuerySet(models.QuerySet["Pixel"]):
    def active(self) -> "PixelQuerySet":
        return self.filter(is_active=True)


class Pixel(models.Model):
    """One connection of a site to one ad platform.

    Paused means: the platform refused our credential, or ops said stop. Sends
    wait as pending. `breaker_until` is in the future while the platform is
    left alone because it is down.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "pix"), editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="pixels")
    platform = models.CharField(max_length=16)
    pixel_id = models.CharField(
        max_length=64, verbose_name="pixel ID", help_text="The platform's own id; Google: the customer id."
    )
    credential_encrypted = models.TextField(editable=False, default="")
    credential_hint = models.CharField(max_length=8, editable=False, default="", help_text="The last four characters.")
    test_event_code = models.CharField(max_length=64, blank=True)
    options = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_code = models.CharField(max_length=64, blank=True, editable=False)
    pause_message = models.CharField(max_length=500, blank=True, editable=False)
    breaker_failures = models.PositiveIntegerField(default=0, editable=False, help_text="Failed requests in a row.")
    breaker_until = models.DateTimeField(null=True, blank=True, editable=False)
    turn_at = models.DateTimeField(null=True, editable=False, help_text="When a part of its backlog was last taken up.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PixelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "platform", "pixel_id"], name="one_row_per_site_and_pixel"),
        ]

    def __str__(self) -> str:
        return f"{self.platform_name} {self.pixel_id}"

    @property
    def platform_name(self) -> str:
        return name_of(self.platform)

    def config(self) -> PixelConfig:
        """What the platform's adapter needs to address this pixel; no secrets."""
        platform = PLATFORMS[self.platform]
        return PixelConfig(
            pixel_id=self.pixel_id,
            api_url=settings.PLATFORM_API_URLS.get(platform.api_url_name, platform.api_url),
            test_event_code=self.test_event_code,
            options={"consent": self.site.consent, **self.options},
        )

    def credential(self) -> str:
        """The stored token (Google: credentials as JSON) in clear, for a request only."""
        return encryption.decrypt(self.credential_encrypted)

    def set_credential(self, credential: str) -> None:
        self.credential_encrypted = encryption.encrypt(credential)
        secret = PLATFORMS[self.platform].secret_of(credential)
        self.credential_hint = secret[-4:] if len(secret) >= 12 else ""
