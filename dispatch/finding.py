"""Finds sends by the filters of GET /api/v1/sends."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from dispatch.models import Pixel, Send
from leads.models import ApiKey

_COLUMNS = {
    "status": "status",
    "reason": "reason",
    "since": "created_at__gte",
    "until": "created_at__lt",
}


def find_sends(key: ApiKey, wanted: Mapping[str, Any]) -> tuple[QuerySet[Send], QuerySet[Pixel]]:
    """Sends that match every filter of `wanted`, each with its pixel, and the pixels whose sends the key reads.

    A conversion is sent to the pixels of its own site, so those of the key's sites are all there are.
    """
    pixels = Pixel.objects.filter(key.scope_of_sites("site__"))
    if "site_id" in wanted:
        pixels = pixels.filter(site=wanted["site_id"])
    if "platform" in wanted:
        pixels = pixels.filter(platform=wanted["platform"])
    columns = {_COLUMNS[name]: wanted[name] for name in _COLUMNS if name in wanted}
    found = Send.objects.filter(**columns).select_related("pixel")
    return (found.filter(key.scope("conversion__")) if key.is_test else found), pixels
