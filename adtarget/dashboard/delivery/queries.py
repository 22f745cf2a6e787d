"""Lists of sends, filtered."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from adtarget.dashboard.filters import between
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.searching import named
from leads.models import Account


def find_sends(account: Account, wanted: dict[str, Any]) -> QuerySet[Send]:
    """The account's sends that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `SendFilter`.
    """
    # Not a join: SQLite would gather and sort all of the account's instead of reading the latest.
    mine = Exists(Conversion.objects.of_account(account).filter(pk=OuterRef("conversion")))
    found = Send.objects.filter(mine).select_related("conversion__lead", "pixel").order_by("-pk")
    if text := wanted.get("q"):
        found = found.filter(named(text, account=account))
    for name in ("platform", "pixel", "status", "reason"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("status"):
        found = found.order_by("-created_at", "-pk")  # the same order; the one that the status' index has
    elif wanted.get("reason"):
        pixels = list(Pixel.objects.filter(site__account=account).values_list("pk", flat=True))
        found = found.filter(pixel__in=pixels, status__in=[SendStatus.FAILED, SendStatus.SKIPPED])
    return between(found, "created_at", wanted.get("since"), wanted.get("until"))
