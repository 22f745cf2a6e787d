"""Lists of sends, filtered."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from adtarget.dashboard.conversions.queries import between, named
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from leads.models import Account

MOST = 1000  # conversions of what was searched for


def find_sends(account: Account, wanted: dict[str, Any]) -> QuerySet[Send]:
    """The account's sends that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `SendFilter`.
    """
    # Not a join: SQLite would gather and sort all of the account's instead of reading the latest.
    mine = Exists(Conversion.objects.of_account(account).filter(pk=OuterRef("conversion")))
    found = Send.objects.filter(mine).select_related("conversion__lead", "pixel").order_by("-pk")
    if text := wanted.get("q"):
        conversions = Conversion.objects.of_account(account).filter(named(account, text))
        found = found.filter(Q(pk=text) | Q(conversion__in=list(conversions.values_list("pk", flat=True)[:MOST])))
    for name in ("platform", "pixel", "status", "reason"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("status"):
        found = found.order_by("-created_at", "-pk")  # the same order; the one that the status' index has
    elif wanted.get("reason"):
        pixels = list(Pixel.objects.filter(site__account=account).values_list("pk", flat=True))
        found = found.filter(pixel__in=pixels, status__in=[SendStatus.FAILED, SendStatus.SKIPPED])
    return between(found, "created_at", wanted.get("since"), wanted.get("until"))
