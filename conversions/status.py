"""Derives the delivery state of a conversion from its sends."""

from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from conversions.choices import CapiStatus
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send


def capi_status(conversion: Conversion) -> CapiStatus:
    """Reads `conversion.sends`; prefetch them where there are many conversions."""
    statuses = {send.status for send in conversion.sends.all()}
    if SendStatus.SENT in statuses:
        return CapiStatus.SENT
    if SendStatus.PENDING in statuses or conversion.awaiting_manual_input:
        return CapiStatus.PENDING
    if SendStatus.FAILED in statuses:
        return CapiStatus.FAILED
    return CapiStatus.SKIPPED


def with_capi_status(conversions: QuerySet[Conversion]) -> QuerySet[Any]:
    """The same as an annotation named `capi`, for lists: one statement, no row of a send read."""
    return conversions.annotate(
        capi=Case(
            When(_has(SendStatus.SENT), then=Value(CapiStatus.SENT.value)),
            When(Q(awaiting_manual_input=True) | _has(SendStatus.PENDING), then=Value(CapiStatus.PENDING.value)),
            When(_has(SendStatus.FAILED), then=Value(CapiStatus.FAILED.value)),
            default=Value(CapiStatus.SKIPPED.value),
            output_field=CharField(),
        )
    )


def has_capi_status(status: CapiStatus) -> Q:
    """The same as a filter."""
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
    return Q(Exists(Send.objects.filter(conversion=OuterRef("pk"), status=status)))


def _is_among(status: SendStatus) -> Q:
    """The same for a status that few sends have: their conversions are gathered first."""
    return Q(pk__in=Send.objects.filter(status=status).values("conversion"))
