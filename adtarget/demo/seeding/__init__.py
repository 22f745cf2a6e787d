"""An invented history of one account, as large as wanted, for trying out and measuring.

Nothing of it is ever delivered: each send has ended, and the pixels are paused.
The same number drawn from (`seed`) makes the same history; ids are new each time.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection

from adtarget.demo.seeding.history import History, Order
from adtarget.demo.seeding.places import make_places
from conversions.models import Conversion
from leads.models import Account, Lead
from tracker.models import Visit

__all__ = ["HasHistory", "Order", "has_history", "seed"]


class HasHistory(Exception):
    """The account holds events already."""


def has_history(account: str) -> bool:
    """Whether a visit, a join or a conversion of the account is known."""
    mine = {"site__account__name": account}
    return (
        Conversion.objects.filter(account__name=account).exists()
        or Visit.objects.filter(**mine).exists()
        or Lead.objects.filter(**mine).exists()
    )


def seed(order: Order, *, now: datetime, progress: Callable[[int], None], again: bool = False) -> Account:
    """Writes the history; calls `progress` with the conversions just written. Raises HasHistory unless `again`."""
    if has_history(order.account) and not again:
        raise HasHistory
    places = make_places(order.account, now=now)
    for rows in History(order, places, now=now).chunks():
        rows.write()
        progress(rows.sent)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a planner that believes the tables empty reads them whole
    return places[0].site.account
