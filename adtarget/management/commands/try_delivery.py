"""`manage.py try_delivery`: one test event to a pixel of each platform, on this machine's sandbox only."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from adtarget.core.encryption import CannotDecrypt
from dispatch import test_events
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from dispatch.tasks import post


class Command(BaseCommand):
    help = "Sends a test event to one pixel of each platform at a sandbox on this machine, to prove that keys fit."

    def handle(self, *_: Any, **__: Any) -> None:
        failed = [line for slug in PLATFORMS if (line := self._try(slug))]
        if failed:
            raise CommandError("; ".join(failed))

    def _try(self, slug: str) -> str:
        """What went wrong, '' where the event was accepted or there is no pixel."""
        pixel = Pixel.objects.active().filter(platform=slug).select_related("site").first()
        if pixel is None:
            return ""
        if not _is_here(settings.PLATFORM_API_URLS.get(slug, "")):
            raise CommandError(f"{PLATFORMS[slug].api_url_setting} does not lead to a sandbox on this machine.")
        try:
            sent = test_events.send_test_event(pixel, post=post, now=timezone.now())
        except (test_events.CannotTest, CannotDecrypt) as problem:
            return f"{slug}: {problem}"
        self.stdout.write(f"{slug}: {sent.verdict.outcome}")
        return "" if sent.worked else f"{slug}: {sent.meaning}"


def _is_here(url: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False
