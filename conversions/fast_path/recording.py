"""Records an event by the fast path, and by the plain one where that does not suit it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from conversions import duplicates, recording
from conversions.building import new_conversion, storable
from conversions.facts import EventFacts
from conversions.fast_path import reading, writing
from conversions.fast_path.reading import Found
from conversions.inheritance import LOOKED_AT
from conversions.models import Conversion
from conversions.recording import Recorded
from dispatch import scheduling
from dispatch.models import Send
from leads.models import Lead


def record(found: Found, *, telegram_user_id: int, facts: EventFacts, now: datetime) -> Recorded:
    """Keeps an event, or completes the recent one it repeats; as `conversions.recording.record_conversion`."""
    event = _Event(found, *storable(facts, found.channel.site, found.pixels), now)
    if facts.own_event_id:
        recorded = None  # whether the site has it already is asked by the plain way
    elif found.lead is None:
        recorded = _record_first(event, telegram_user_id)
    elif found.key.is_test or facts.consent:
        recorded = None  # what a test says, and what consent changes of earlier events, is the plain way's
    else:
        recorded = _record_next(event, found.lead)
    return recorded or recording.record_conversion(
        key=found.key, channel=found.channel, telegram_user_id=telegram_user_id, facts=facts, now=now
    )


@dataclass(frozen=True, slots=True)
class _Event:
    found: Found
    facts: EventFacts
    hashes: dict[str, str]
    now: datetime

    def conversion(self, lead: Lead, history: Sequence[Conversion]) -> Conversion:
        found = self.found
        return new_conversion(found.key, found.channel, lead, self.facts, self.hashes, history, now=self.now)


def _record_first(event: _Event, telegram_user_id: int) -> Recorded | None:
    """None where the lead is there meanwhile, or the person was erased."""
    found, now = event.found, event.now
    lead = Lead(
        site=found.channel.site,
        telegram_user_id=telegram_user_id,
        external_user_id="" if found.key.is_test else event.facts.external_user_id,
        first_seen_at=now,
        last_seen_at=now,
    )
    conversion = event.conversion(lead, [])
    sends = scheduling.new_sends(conversion, found.pixels, now=now)
    return _concluded(event, conversion, sends) if writing.write_first(lead, conversion, sends) else None


def _record_next(event: _Event, lead: Lead) -> Recorded | None:
    """None where the event may repeat another, or somebody else recorded one of the lead meanwhile."""
    found, now = event.found, event.now
    history = reading.history_of(lead)
    if _may_repeat(event, history):
        return None
    lead.site, lead.last_seen_at = found.channel.site, now
    lead.external_user_id = event.facts.external_user_id or lead.external_user_id
    conversion = event.conversion(lead, history)
    sends = scheduling.new_sends(conversion, found.pixels, now=now)
    is_written = writing.write_next(lead, found.version, conversion, sends, now=now)
    return _concluded(event, conversion, sends) if is_written else None


def _may_repeat(event: _Event, history: Sequence[Conversion]) -> bool:
    """Whether one of the events at hand is repeated, or one that lies further back might be."""
    channel, facts = event.found.channel, event.facts
    if duplicates.find_among(history, channel=channel, facts=facts, now=event.now) is not None:
        return True
    is_whole = len(history) < LOOKED_AT
    return not is_whole and history[-1].attributed_at > event.now - duplicates.looks_back(channel.site, facts)


def _concluded(event: _Event, conversion: Conversion, sends: Sequence[Send]) -> Recorded:
    due = scheduling.announce(sends)
    return recording.recorded_as_new(conversion, due, event.found.pixels, event.facts)
