"""Finding people."""

from django.db.models import Q, QuerySet

from conversions.models import Conversion
from leads.models import Account, Lead
from leads.models.lead import LARGEST_TELEGRAM_ID


def telegram_id(text: str) -> int | None:
    """The Telegram id that a text may be."""
    if text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= LARGEST_TELEGRAM_ID:
        return int(text)
    return None


def known_as(text: str) -> Q:
    """Leads by Telegram id, @username or external id, whole."""
    known = Q(external_user_id=text)
    if text.lstrip("@"):
        known |= Q(telegram_username__iexact=text.lstrip("@"))
    if (person := telegram_id(text)) is not None:
        known |= Q(telegram_user_id=person)
    return known


def find_leads(account: Account, text: str) -> QuerySet[Lead]:
    """By Telegram id, @username, external id, conversion id or order id, exactly; all without a text."""
    leads = Lead.objects.filter(site__account=account).select_related("site").order_by("-last_seen_at", "-id")
    if not text:
        return leads
    named = Q(pk=text) | (Q(order_id=text) & ~Q(order_id=""))
    conversions = Conversion.objects.of_account(account).filter(named)
    return leads.filter(known_as(text) | Q(pk__in=conversions.values("lead")))
