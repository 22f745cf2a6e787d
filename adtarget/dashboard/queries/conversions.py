"""Lists of conversions, filtered."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from adtarget.dashboard.queries.leads import telegram_id
from conversions.choices import CapiStatus
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Account


def find_conversions(account: Account, wanted: dict[str, Any]) -> QuerySet[Conversion]:
    """The account's conversions that meet every filter given, the latest first.

    `wanted` is the cleaned data of a `ConversionFilter`.
    """
    found = Conversion.objects.of_account(account).select_related("lead", "channel", "visit").latest_first()
    if text := wanted.get("q"):
        found = found.filter(_named(text))
    for name in ("channel", "event_type", "source"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("status"):
        found = found.filter(_has_status(wanted["status"]))
    return between(found, "attributed_at", wanted.get("since"), wanted.get("until"))


def between(rows: QuerySet[Any], field: str, since: datetime | None, until: datetime | None) -> QuerySet[Any]:
    """Those of `since` and later, before `until`."""
    if since:
        rows = rows.filter(**{f"{field}__gte": since})
    if until:
        rows = rows.filter(**{f"{field}__lt": until})
    return rows


def _named(text: str) -> Q:
    named = Q(pk=text) | Q(order_id=text) | Q(external_user_id=text) | Q(lead__external_user_id=text)
    if text.lstrip("@"):
        named |= Q(lead__telegram_username__iexact=text.lstrip("@"))
    if (person := telegram_id(text)) is not None:
        named |= Q(telegram_user_id=person)
    return named


def _has_status(status: CapiStatus) -> Q:
    """`conversions.status.capi_status`, asked of the database."""
    sent, waits = _has(SendStatus.SENT), Q(awaiting_manual_input=True)
    match status:
        case CapiStatus.SENT:
            return sent
        case CapiStatus.PENDING:
            return (_is_among(SendStatus.PENDING) | waits) & ~sent
        case CapiStatus.FAILED:
            return _is_among(SendStatus.FAILED) & ~sent & ~_has(SendStatus.PENDING) & ~waits
    return ~sent & ~_has(SendStatus.PENDING) & ~waits & ~_has(SendStatus.FAILED)


def _has(status: SendStatus) -> Q:
    # Not equality: SQLite, which keeps no statistics, would then look through all sends of the status for each row.
    return Q(Exists(Send.objects.filter(conversion=OuterRef("pk"), status__startswith=status)))


def _is_among(status: SendStatus) -> Q:
    """The same for a status that few sends have: their conversions are gathered first."""
    return Q(pk__in=Send.objects.filter(status=status).values("conversion"))
