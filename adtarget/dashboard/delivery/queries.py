"""Lists of sends, filtered."""

from typing import Any

from django.db.models import QuerySet

from adtarget.dashboard.filters import between
from dispatch.models import Pixel, Send
from dispatch.searching import named
from leads.models import Account


def find_sends(account: Account, wanted: dict[str, Any]) -> tuple[QuerySet[Send], QuerySet[Pixel]]:
    """Sends that meet every filter given, the latest first, and the account's pixels whose sends are wanted.

    `wanted` is the cleaned data of a `SendFilter`.
    """
    pixels = Pixel.objects.filter(site__account=account)
    if wanted.get("pixel"):
        pixels = pixels.filter(pk=wanted["pixel"].pk)
    if wanted.get("platform"):
        pixels = pixels.filter(platform=wanted["platform"])
    found = Send.objects.select_related("conversion__lead", "pixel").order_by("-created_at", "-pk")
    if text := wanted.get("q"):
        found = found.filter(named(text, account=account))
    found = found.filter(**{name: wanted[name] for name in ("status", "reason") if wanted.get(name)})
    return between(found, "created_at", wanted.get("since"), wanted.get("until")), pixels
