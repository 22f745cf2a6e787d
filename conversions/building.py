"""Makes the row of a new event out of its facts and the lead's earlier events; writes nothing."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from conversions.choices import Source
from conversions.facts import ClearPii, EventFacts
from conversions.identifiers import kept_parameters, signals_on, without_personal_data
from conversions.inheritance import inherit
from conversions.left_out import unusable_contacts
from conversions.models import Conversion
from conversions.pii import hash_pii
from dispatch.models import Pixel
from leads.models import ApiKey, Channel, Lead, Site


def storable(facts: EventFacts, site: Site, pixels: Sequence[Pixel]) -> tuple[EventFacts, dict[str, str]]:
    """The facts as they may be kept, with what could not be used, and the hashes of the contacts."""
    hashes = hash_contacts(facts.pii, site, pixels)
    listed = site.kept_query_parameters
    kept = replace(
        facts,
        signals=without_personal_data(facts.signals, keep=listed) | kept_parameters(facts.signals, listed=listed),
        left_out=(*facts.left_out, *unusable_contacts(facts.pii, hashes)),
    )
    return kept, hashes


def new_conversion(
    key: ApiKey,
    channel: Channel,
    lead: Lead,
    facts: EventFacts,
    hashes: dict[str, str],
    history: Sequence[Conversion],
    *,
    now: datetime,
    source: Source = Source.API,
) -> Conversion:
    """The unsaved conversion of a new event, with what the lead's earlier ones say about its visit and contacts."""
    before = history[0] if history else None
    inherited = inherit(history, now=now)
    return Conversion(
        account_id=key.account_id,
        site=channel.site,
        channel=channel,
        lead=lead,
        telegram_user_id=lead.telegram_user_id,
        api_key_id=key.pk,
        session_id=before.session_id if before else None,
        visit=before.visit if before else None,
        source=source,
        **_columns_of(facts),
        external_user_id=facts.external_user_id or _known_external_id(lead, before, key),
        attributed_at=now,
        # A lead known from the API alone has no visit: what it once came with still leads back to the ad.
        api_visit_override=signals_on(before, facts),
        consent=facts.consent or (before.consent if before else {}),
        pii=hashes,
        inherited_pii=inherited.pii,
        inherited_since=inherited.since,
        is_cold=before is None,
        is_test=key.is_test,
    )


def complete(twin: Conversion, facts: EventFacts, hashes: dict[str, str], *, now: datetime) -> None:
    """Gives an event that is not sent yet what its repetition says; does not save it."""
    if facts.value is not None:
        if twin.awaiting_manual_input:
            twin.awaiting_manual_input, twin.value_submitted_at = False, now
        twin.value, twin.currency = facts.value, facts.currency
    twin.content_name = facts.content_name or twin.content_name
    twin.order_id = facts.order_id or twin.order_id
    twin.external_user_id = facts.external_user_id or twin.external_user_id
    twin.pii = {**twin.pii, **hashes}
    twin.api_visit_override = signals_on(twin, facts)
    twin.consent = facts.consent or twin.consent
    twin.utms = {**twin.utms, **facts.utms}
    twin.left_out = list(map(asdict, facts.left_out))


def _columns_of(facts: EventFacts) -> dict[str, Any]:
    """The columns that hold the event as it was given."""
    return {
        "event_type": facts.event_type,
        "custom_event_name": facts.custom_event_name,
        "value": facts.value,
        "currency": facts.currency,
        "content_name": facts.content_name,
        "order_id": facts.order_id,
        "own_event_id": facts.own_event_id,
        "event_time": facts.occurred_at,
        "utms": facts.utms,
        "left_out": list(map(asdict, facts.left_out)),
    }


def hash_contacts(clear: ClearPii, site: Site, pixels: Sequence[Pixel]) -> dict[str, str]:
    """The hashes to keep; phones without country code belong to the region of the site or of a pixel."""
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
