"""Finding conversions by whatever somebody has in hand; every way is an index."""

from django.db.models import Q

from leads.models import Lead
from leads.models.lead import LARGEST_TELEGRAM_ID

MOST_LEADS = 200  # one person is a lead on each site


def matching(term: str) -> Q:
    """Conversions by event id, send id, Telegram id or name, external id or order id; each whole."""
    term = term.strip()
    if term.startswith("cnv_"):
        return Q(pk=term)
    if term.startswith("snd_"):
        return Q(sends__pk=term)
    people = Q(external_user_id=term) | Q(telegram_username=term.removeprefix("@"))
    if term.isascii() and term.isdigit() and 0 < int(term) <= LARGEST_TELEGRAM_ID:
        people |= Q(telegram_user_id=int(term))
    leads = list(Lead.objects.filter(people).order_by().values_list("pk", flat=True)[:MOST_LEADS])
    return Q(lead__in=leads) | Q(order_id=term)
