"""Searches sends by any id; shared by dashboard and admin."""

from django.db.models import Q

from conversions import searching
from conversions.models import Conversion
from leads.models import Account

MOST_CONVERSIONS = 1000


def named(text: str, *, account: Account | None = None) -> Q:
    """Sends by their own id, or by whatever names their conversion."""
    if text.startswith("snd_"):
        return Q(pk=text)
    conversions = Conversion.objects.of_account(account) if account else Conversion.objects.all()
    found = conversions.filter(searching.named(text, account=account))
    return Q(conversion__in=list(found.values_list("pk", flat=True)[:MOST_CONVERSIONS]))
