"""Lists of sends, filtered."""

from typing import Any

from django.db.models import Q, QuerySet

from adtarget.dashboard.queries.conversions import between
from adtarget.dashboard.queries.leads import telegram_id
from dispatch.models import Send
from leads.models import Account


def find_sends(account: Account, wanted: dict[str, Any]) -> QuerySet[Send]:
    """The account's sends that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `SendFilter`.
    """
    found = Send.objects.filter(conversion__account=account).select_related("conversion__lead", "pixel").order_by("-pk")
    if text := wanted.get("q"):
        named = Q(pk=text) | Q(conversion=text) | Q(conversion__order_id=text)
        if (person := telegram_id(text)) is not None:
            named |= Q(conversion__telegram_user_id=person)
        found = found.filter(named)
    for name in ("platform", "pixel", "status", "reason"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    return between(found, "created_at", wanted.get("since"), wanted.get("until"))
