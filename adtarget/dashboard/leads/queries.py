"""The list of an account's leads, filtered."""

from django.db.models import Q, QuerySet

from conversions.models import Conversion
from leads.models import Account, Lead
from leads.searching import known_as


def find_leads(account: Account, text: str) -> QuerySet[Lead]:
    """By Telegram id, @username, external id, conversion id, event id or order id, exactly; all without a text."""
    leads = Lead.objects.filter(site__account=account).select_related("site").order_by("-last_seen_at", "-id")
    if not text:
        return leads
    named = Q(pk=text) | (Q(order_id=text) & ~Q(order_id="")) | (Q(own_event_id=text) & ~Q(own_event_id=""))
    conversions = Conversion.objects.of_account(account).filter(named)
    return leads.filter(known_as(text) | Q(pk__in=conversions.values("lead")))
