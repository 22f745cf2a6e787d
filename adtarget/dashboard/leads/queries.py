"""The list of an account's leads, filtered."""

from django.db.models import Q, QuerySet

from conversions.models import Conversion
from leads.models import Account, Lead
from leads.searching import known_as

MOST = 200


def find_leads(account: Account, text: str) -> QuerySet[Lead]:
    """By Telegram id, @username, external, conversion, event or order id, whole; all without a text. Newest first."""
    leads = Lead.objects.filter(site__account=account).select_related("site").order_by("-id")
    if not text:
        return leads
    named = Q(pk=text) | (Q(order_id=text) & ~Q(order_id="")) | (Q(own_event_id=text) & ~Q(own_event_id=""))
    # The conversions first: one condition over both tables would look through all leads.
    found = list(Conversion.objects.of_account(account).filter(named).values_list("lead", flat=True)[:MOST])
    return leads.filter(known_as(text) | Q(pk__in=found))
