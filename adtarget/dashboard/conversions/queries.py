"""Lists of conversions, filtered."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from adtarget.dashboard.search import known_as
from conversions.models import Conversion
from conversions.status import has_capi_status
from leads.models import Account, Lead

MOST_PEOPLE = 200  # one person is a lead on each site


def find_conversions(account: Account, wanted: dict[str, Any]) -> QuerySet[Conversion]:
    """The account's conversions that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `ConversionFilter`.
    """
    found = Conversion.objects.of_account(account).select_related("lead", "channel", "visit").latest_first()
    if text := wanted.get("q"):
        found = found.filter(named(account, text))
    for name in ("channel", "event_type", "source"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("status"):
        found = found.filter(has_capi_status(wanted["status"]))
    return between(found, "attributed_at", wanted.get("since"), wanted.get("until"))


def between(rows: QuerySet[Any], field: str, since: datetime | None, until: datetime | None) -> QuerySet[Any]:
    """Those of `since` and later, before `until`."""
    if since:
        rows = rows.filter(**{f"{field}__gte": since})
    if until:
        rows = rows.filter(**{f"{field}__lt": until})
    return rows


def named(account: Account, text: str) -> Q:
    """By event id, order id, Telegram id, @username or external id, whole."""
    # The people first: one condition over both tables would look through all conversions.
    people = list(Lead.objects.filter(known_as(text), site__account=account).values_list("pk", flat=True)[:MOST_PEOPLE])
    return Q(pk=text) | (Q(order_id=text) & ~Q(order_id="")) | Q(lead__in=people)
