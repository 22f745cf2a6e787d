"""What the platforms made of a conversion as a whole (contract, section 7)."""

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
    """The same as an annotation named `capi`, for lists and filters: one statement, no row of a send read."""

    def any_is(status: SendStatus) -> Exists:
        return Exists(Send.objects.filter(conversion=OuterRef("pk"), status=status))

    return conversions.annotate(
        capi=Case(
            When(any_is(SendStatus.SENT), then=Value(CapiStatus.SENT.value)),
            When(Q(awaiting_manual_input=True) | any_is(SendStatus.PENDING), then=Value(CapiStatus.PENDING.value)),
            When(any_is(SendStatus.FAILED), then=Value(CapiStatus.FAILED.value)),
            default=Value(CapiStatus.SKIPPED.value),
            output_field=CharField(),
        )
    )
