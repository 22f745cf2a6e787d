"""Finds sends by the filters of GET /api/v1/sends."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from dispatch.models import Send

_COLUMNS = {
    "site_id": "conversion__site",
    "platform": "platform",
    "status": "status",
    "reason": "reason",
    "since": "created_at__gte",
    "until": "created_at__lt",
}


def find_sends(scope: Q, wanted: Mapping[str, Any]) -> QuerySet[Send]:
    """The sends inside `scope` that match every filter of `wanted`; unordered, each with its pixel."""
    columns = {_COLUMNS[name]: wanted[name] for name in _COLUMNS if name in wanted}
    return Send.objects.filter(scope, **columns).select_related("pixel")
