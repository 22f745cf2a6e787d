"""Lists of conversions, filtered."""

from typing import Any

from django.db.models import QuerySet

from adtarget.dashboard.filters import between
from conversions.models import Conversion
from conversions.searching import named
from conversions.status import has_capi_status
from leads.models import Account


def find_conversions(account: Account, wanted: dict[str, Any]) -> QuerySet[Conversion]:
    """The account's conversions that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `ConversionFilter`.
    """
    found = Conversion.objects.of_account(account).select_related("lead", "channel", "visit").latest_first()
    if text := wanted.get("q"):
        found = found.filter(named(text, account=account))
    for name in ("channel", "event_type", "source"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("status"):
        found = found.filter(has_capi_status(wanted["status"]))
    return between(found, "attributed_at", wanted.get("since"), wanted.get("until"))
