"""The write use cases: record an event, record a join's event, submit a value.

Each runs in one transaction under the lead's lock; rows for the sends commit
with the conversion, and workers are told after commit.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from adtarget.core import errors
from conversions import duplicates, identifiers, missing_signals
from conversions.choices import EventType, Source
from conversions.facts import ClearPii, EventFacts, LeftOut
from conversions.identifiers import with_those_in_url
from conversions.inheritance import inherit, recent_history
from conversions.left_out import unusable_contacts
from conversions.models import Conversion
from conversions.pii import hash_pii
from dispatch import scheduling
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.webhooks import outbox
from leads.locking import lock_lead
from leads.models import ApiKey, Channel, Lead, Site
from tracker.models import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What became of an event. `sends` are those now on their way."""

    conversion: Conversion
    is_cold: bool
    sends: Sequence[Send] = ()
    is_duplicate: bool = False
    was_updated: bool = False
    warning: str = field(default="")
    left_out: Sequence[LeftOut] = ()

    @property
    def left_out_or_none(self) -> Sequence[LeftOut] | None:
        return self.left_out or None


@transaction.atomic
def record_conversion(
    *, key: ApiKey, channel: Channel, telegram_user_id: int, facts: EventFacts, now: datetime
) -> Recorded:
    """Keeps an event that came in over the API, or completes the recent one it repeats."""
    site = channel.site
    signals = identifiers.without_personal_data(facts.signals, keep=site.kept_query_parameters)
    facts = replace(facts, signals=signals)
    pixels = scheduling.active_pixels(site)
    hashes = _hashes(facts.pii, site, pixels)
    facts = replace(facts, left_out=(*facts.left_out, *unusable_contacts(facts.pii, hashes)))
    lead, is_new = lock_lead(site=site, telegram_user_id=telegram_user_id, now=now)
    history: Sequence[Conversion] = ()
    if not is_new:
        _touch(lead, key, facts, now)
        twin = duplicates.find_duplicate(lead=lead, channel=channel, facts=facts, is_test=key.is_test, now=now)
        if twin is not None:
            return _repeat(twin, facts, hashes, pixels, now=now)
        history = recent_history(lead, is_test=key.is_test)
    elif facts.external_user_id:
        _touch(lead, key, facts, now)
    before = history[0] if history else None
    _tell_history(history, facts)
    inherited = inherit(history, now=now)
    conversion = Conversion.objects.create(
        account_id=key.account_id,
        site=site,
        channel=channel,
        lead=lead,
        telegram_user_id=telegram_user_id,
        api_key=key,
        session_id=before.session_id if before else None,
        visit=before.visit if before else None,
        source=Source.API,
        event_type=facts.event_type,
        custom_event_name=facts.custom_event_name,
        value=facts.value,
        currency=facts.currency,
        content_name=facts.content_name,
        order_id=facts.order_id,
        external_user_id=facts.external_user_id or _known_external_id(lead, before, key),
        event_time=facts.occurred_at,
        attributed_at=now,
        # A lead known from the API alone has no visit: what it once came with still leads back to the ad.
        api_visit_override={
            **(before.api_visit_override if before else {}),
            **with_those_in_url(facts, before=before),
        },
        utms=facts.utms,
        consent=facts.consent or (before.consent if before else {}),
        left_out=list(map(asdict, facts.left_out)),
        pii=hashes,
        inherited_pii=inherited.pii,
        inherited_since=inherited.since,
        is_cold=before is None,
        is_test=key.is_test,
    )
    sends = scheduling.schedule(conversion, pixels, now=now)
    return Recorded(
        conversion=conversion,
        is_cold=before is None,
        sends=sends,
        warning="" if sends else missing_signals.nothing_scheduled(conversion, pixels),
        left_out=facts.left_out,
    )


@transaction.atomic
def record_conversion_from_join(
    *, channel: Channel, lead: Lead, visit: Visit | None, source: Source, now: datetime
) -> Conversion:
    """Keeps the event that a join in this channel means; the caller holds the lead's lock.

    An organic join (WEBHOOK) sends nothing. A Purchase without auto-fire
    awaits its value. Where the API told of this very event before, that
    conversion is the join's: it gets the visit, and nothing is counted twice.
    """
    site = channel.site
    if (twin := _told_before(channel, lead, now=now)) is not None:
        _complete_by_visit(twin, visit, now=now)
        return twin
    is_purchase = channel.event_type == EventType.PURCHASE
    is_organic = source == Source.WEBHOOK
    inherited = inherit(recent_history(lead, is_test=False), now=now)
    awaits = is_purchase and not is_organic and not (channel.auto_fire and channel.value is not None)
    conversion = Conversion.objects.create(
        account_id=site.account_id,
        site=site,
        channel=channel,
        lead=lead,
        telegram_user_id=lead.telegram_user_id,
        session_id=visit.session_id if visit else None,
        visit=visit,
        source=source,
        event_type=channel.event_type,
        custom_event_name=channel.custom_event_name if channel.event_type == EventType.CUSTOM else "",
        value=None if awaits else channel.value,
        currency="" if awaits else channel.currency,
        external_user_id=(visit.external_user_id if visit else "") or lead.external_user_id,
        inherited_pii=inherited.pii,
        inherited_since=inherited.since,
        event_time=now,
        attributed_at=now,
        is_cold=False,
        awaiting_manual_input=awaits,
    )
    if awaits:
        outbox.tell_of_wait(conversion, now=now)
    elif not is_organic:
        scheduling.schedule(conversion, scheduling.active_pixels(site), now=now)
    return conversion


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
    if conversion.site.is_paused:
        raise errors.SubscriptionInactive
    if not conversion.awaiting_manual_input:
        if conversion.value_submitted_at and (conversion.value, conversion.currency) == (value, currency):
            return False
        raise errors.InvalidPayload(
            "Another value was submitted for this conversion before."
            if conversion.value_submitted_at
            else "This conversion does not await a value."
        )
    pixels = scheduling.active_pixels(conversion.site)
    conversion.value, conversion.currency = value, currency
    conversion.pii = {**conversion.pii, **_hashes(pii or ClearPii(), conversion.site, pixels)}
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
    scheduling.schedule(conversion, pixels, now=now)
    return True


def _repeat(
    twin: Conversion, facts: EventFacts, hashes: dict[str, str], pixels: Sequence[Pixel], *, now: datetime
) -> Recorded:
    """A sent event is answered; one that is not sent yet is completed and sent."""
    existing = list(twin.sends.select_related("pixel"))
    if any(send.status == SendStatus.SENT for send in existing):
        return Recorded(
            conversion=twin,
            is_cold=False,
            is_duplicate=True,
            warning=missing_signals.ALREADY_SENT,
            left_out=facts.left_out,
        )
    if facts.value is not None:
        if twin.awaiting_manual_input:
            twin.awaiting_manual_input, twin.value_submitted_at = False, now
        twin.value, twin.currency = facts.value, facts.currency
    twin.content_name = facts.content_name or twin.content_name
    twin.order_id = facts.order_id or twin.order_id
    twin.external_user_id = facts.external_user_id or twin.external_user_id
    twin.pii = {**twin.pii, **hashes}
    twin.api_visit_override = {**twin.api_visit_override, **with_those_in_url(facts, before=twin)}
    twin.consent = facts.consent or twin.consent
    twin.utms = {**twin.utms, **facts.utms}
    twin.left_out = list(map(asdict, facts.left_out))
    twin.save()
    sends = [] if twin.awaiting_manual_input else scheduling.schedule(twin, pixels, now=now, existing=existing)
    return Recorded(
        conversion=twin,
        is_cold=False,
        sends=sends,
        is_duplicate=True,
        was_updated=True,
        warning="" if sends else missing_signals.nothing_scheduled(twin, pixels),
        left_out=facts.left_out,
    )


def _tell_history(history: Sequence[Conversion], facts: EventFacts) -> None:
    """What the person now says of their consent also holds for events before: waiting ones are decided by it."""
    if facts.consent and history:
        Conversion.objects.filter(pk__in=[conversion.pk for conversion in history]).update(consent=facts.consent)


def _told_before(channel: Channel, lead: Lead, *, now: datetime) -> Conversion | None:
    facts = EventFacts(
        event_type=EventType(channel.event_type),
        custom_event_name=channel.custom_event_name if channel.event_type == EventType.CUSTOM else "",
        occurred_at=now,
    )
    return duplicates.find_duplicate(lead=lead, channel=channel, facts=facts, is_test=False, now=now)


def _complete_by_visit(twin: Conversion, visit: Visit | None, *, now: datetime) -> None:
    """What the API knew is kept and wins; what is not sent yet goes out with the visit's signals too."""
    if visit is None or twin.visit_id is not None:
        return
    twin.visit, twin.session_id = visit, visit.session_id
    twin.save(update_fields=["visit", "session"])
    existing = list(twin.sends.select_related("pixel"))
    if not twin.awaiting_manual_input and not any(send.status == SendStatus.SENT for send in existing):
        scheduling.schedule(twin, scheduling.active_pixels(twin.site), now=now, existing=existing)


def _hashes(clear: ClearPii, site: Site, pixels: Sequence[Pixel]) -> dict[str, str]:
    regions = [site.default_phone_region, *(pixel.options.get("defaultPhoneRegion", "") for pixel in pixels)]
    return hash_pii(
        email=clear.email,
        phone=clear.phone,
        first_name=clear.first_name,
        last_name=clear.last_name,
        region=next((region for region in regions if region), ""),
    )


def _known_external_id(lead: Lead, before: Conversion | None, key: ApiKey) -> str:
    """The person's external id as earlier events named it: the lead holds that of live ones."""
    if key.is_test:
        return before.external_user_id if before else ""
    return lead.external_user_id


def _touch(lead: Lead, key: ApiKey, facts: EventFacts, now: datetime) -> None:
    """Notes on the lead what a live event says of the person; a test changes nothing there."""
    if key.is_test:
        return
    lead.last_seen_at = now
    lead.external_user_id = facts.external_user_id or lead.external_user_id
    lead.save(update_fields=["last_seen_at", "external_user_id"])
