"""Searches conversions by any id; shared by dashboard and admin."""

from django.db.models import Q

from leads.models import Account, Lead
from leads.searching import known_as

MOST_LEADS = 200  # one person is a lead on each site


def named(text: str, *, account: Account | None = None) -> Q:
    """Conversions by event id, send id, order id, Telegram id, @username or external id, each whole.

    `account` narrows the search for people; the conversions themselves are the caller's to narrow.
    """
    if text.startswith("cnv_"):
        return Q(pk=text)
    if text.startswith("snd_"):
        return Q(sends__pk=text)
    # The people first: one condition over both tables would look through all conversions.
    leads = Lead.objects.filter(known_as(text), **({"site__account": account} if account else {}))
    people = list(leads.order_by().values_list("pk", flat=True)[:MOST_LEADS])
    ids = (Q(order_id=text) & ~Q(order_id="")) | (Q(own_event_id=text) & ~Q(own_event_id=""))
    return ids | Q(lead__in=people)
