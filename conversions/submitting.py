"""Submits the value of a conversion that awaits it, and so sends it."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from adtarget.core import errors
from conversions.building import hash_contacts
from conversions.facts import ClearPii
from conversions.inheritance import inherit, recent_history
from conversions.models import Conversion
from dispatch import scheduling
from leads import report_days


@transaction.atomic
def submit_value(
    *,
    conversions: QuerySet[Conversion],
    value: Decimal,
    currency: str,
    pii: ClearPii | None = None,
    now: datetime,
) -> bool:
    """Completes the one conversion of `conversions` that awaits its value.

    False where this very value was submitted before. Raises ConversionNotFound
    where `conversions` is empty, SubscriptionInactive where the site is paused
    and InvalidPayload where none is awaited or another was submitted.
    """
    conversion = conversions.select_related("site", "visit", "lead").select_for_update(of=("self",)).first()
    if conversion is None:
        raise errors.ConversionNotFound
    if _was_submitted(conversion, value, currency):
        return False
    pixels = scheduling.active_pixels(conversion.site)
    conversion.value, conversion.currency = value, currency
    conversion.pii = {**conversion.pii, **hash_contacts(pii or ClearPii(), conversion.site, pixels)}
    inherited = inherit(recent_history(conversion.lead, is_test=conversion.is_test), now=now)
    conversion.inherited_pii, conversion.inherited_since = inherited.pii, inherited.since
    conversion.awaiting_manual_input, conversion.value_submitted_at = False, now
    conversion.save(
        update_fields=[
            "value",
            "currency",
            "pii",
            "inherited_pii",
            "inherited_since",
            "awaiting_manual_input",
            "value_submitted_at",
        ]
    )
    report_days.figures_changed(conversion.account_id, [conversion.attributed_at], now=now)
    scheduling.schedule(conversion, pixels, now=now)
    return True


def _was_submitted(conversion: Conversion, value: Decimal, currency: str) -> bool:
    """Whether this very value is submitted already. Raises where the conversion takes none."""
    if conversion.site.is_paused:
        raise errors.SubscriptionInactive
    if conversion.awaiting_manual_input:
        return False
    if conversion.value_submitted_at and (conversion.value, conversion.currency) == (value, currency):
        return True
    raise errors.InvalidPayload(
        "Another value was submitted for this conversion before."
        if conversion.value_submitted_at
        else "This conversion does not await a value."
    )
