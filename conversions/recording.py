"""Records an event of the API: one transaction under the lead's lock, with the rows of its sends.

Workers are told of the sends after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from conversions import duplicates, missing_signals
from conversions.building import complete, new_conversion, storable
from conversions.choices import Intake, Source
from conversions.facts import EventFacts, LeftOut
from conversions.inheritance import recent_history
from conversions.models import Conversion
from dispatch import scheduling
from dispatch.choices import Priority, SendStatus
from dispatch.models import Pixel, Send
from leads import report_days
from leads.locking import lock_lead
from leads.models import ApiKey, Channel, Lead


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
    *,
    key: ApiKey,
    channel: Channel,
    telegram_user_id: int,
    facts: EventFacts,
    now: datetime,
    intake: Intake = Intake.LIVE,
) -> Recorded:
    """Keeps an event that came in over the API, or completes the recent one it repeats.

    An imported one counts for the time at which it happened, so that a file of
    years does not look like one moment: that decides duplicates and charts.
    """
    at = now if intake is Intake.LIVE else facts.occurred_at
    site = channel.site
    pixels = scheduling.active_pixels(site)
    facts, hashes = storable(facts, site, pixels)
    lead, is_new = lock_lead(site=site, telegram_user_id=telegram_user_id, now=at)
    history: Sequence[Conversion] = ()
    if not is_new:
        _touch(lead, key, facts, at)
        twin = duplicates.find_duplicate(lead=lead, channel=channel, facts=facts, is_test=key.is_test, now=at)
        if twin is not None and intake is Intake.HISTORY:
            return Recorded(conversion=twin, is_cold=False, is_duplicate=True, left_out=facts.left_out)
        if twin is not None:
            return _repeat(twin, facts, hashes, pixels, now=now)
        history = recent_history(lead, is_test=key.is_test)
    elif facts.external_user_id:
        _touch(lead, key, facts, at)
    _tell_history([conversion for conversion in history if conversion.attributed_at <= at], facts)
    source = Source.HISTORY if intake is Intake.HISTORY else Source.API
    conversion = new_conversion(key, channel, lead, facts, hashes, history, source=source, now=at)
    with duplicates.event_id_guarded(facts):
        conversion.save(force_insert=True)
    if intake is Intake.LIVE:
        return recorded_as_new(conversion, scheduling.schedule(conversion, pixels, now=now), pixels, facts)
    return _imported(conversion, pixels, facts, intake, now=now)


def _imported(
    conversion: Conversion, pixels: Sequence[Pixel], facts: EventFacts, intake: Intake, *, now: datetime
) -> Recorded:
    """Its day may have been counted already; it goes out after everything fresh, or, as history, not at all."""
    report_days.figures_changed(conversion.account_id, [conversion.attributed_at], now=now)
    if intake is Intake.HISTORY:
        return Recorded(conversion=conversion, is_cold=conversion.is_cold, left_out=facts.left_out)
    sends = scheduling.schedule(conversion, pixels, now=now, priority=Priority.REPLAY)
    return recorded_as_new(conversion, sends, pixels, facts)


def recorded_as_new(
    conversion: Conversion, sends: Sequence[Send], pixels: Sequence[Pixel], facts: EventFacts
) -> Recorded:
    """What became of an event that repeats none; `sends` are those on their way."""
    return Recorded(
        conversion=conversion,
        is_cold=conversion.is_cold,
        sends=sends,
        warning="" if sends else missing_signals.nothing_scheduled(conversion, pixels),
        left_out=facts.left_out,
    )


def _repeat(
    twin: Conversion, facts: EventFacts, hashes: dict[str, str], pixels: Sequence[Pixel], *, now: datetime
) -> Recorded:
    """Answers with an event that was sent already; completes and sends one that was not."""
    existing = list(twin.sends.select_related("pixel"))
    if any(send.status == SendStatus.SENT for send in existing):
        return Recorded(
            conversion=twin,
            is_cold=False,
            is_duplicate=True,
            warning=missing_signals.ALREADY_SENT,
            left_out=facts.left_out,
        )
    complete(twin, facts, hashes, now=now)
    twin.save()
    report_days.figures_changed(twin.account_id, [twin.attributed_at], now=now)
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
    """Applies new consent to the lead's earlier events too: those still waiting are decided by it."""
    if facts.consent and history:
        Conversion.objects.filter(pk__in=[conversion.pk for conversion in history]).update(consent=facts.consent)


def _touch(lead: Lead, key: ApiKey, facts: EventFacts, now: datetime) -> None:
    """Updates the lead from a live event; test events change nothing there."""
    if key.is_test:
        return
    if now >= lead.last_seen_at or not lead.external_user_id:
        lead.external_user_id = facts.external_user_id or lead.external_user_id
    lead.first_seen_at = min(lead.first_seen_at, now)
    lead.last_seen_at = max(lead.last_seen_at, now)
    lead.save(update_fields=["first_seen_at", "last_seen_at", "external_user_id"])
