"""Records the first events of many people in a few statements, whatever their number; leaves the same as one by one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, IntegrityError, transaction

from conversions.building import new_conversion, storable
from conversions.choices import Intake, Source
from conversions.facts import EventFacts
from conversions.models import Conversion
from conversions.recording import Recorded, recorded_as_new
from dispatch import scheduling
from dispatch.choices import Priority
from dispatch.models import Pixel, Send
from leads import report_days
from leads.locking import NewLead, add_leads
from leads.models import ApiKey, Channel, Lead


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """One event and whose it is; its channel is resolved."""

    channel: Channel
    telegram_user_id: int
    facts: EventFacts

    @property
    def person(self) -> tuple[str, int]:
        return self.channel.site_id, self.telegram_user_id

    def at(self, intake: Intake, now: datetime) -> datetime:
        return now if intake is Intake.LIVE else self.facts.occurred_at


def record_first_events(
    events: Sequence[GivenEvent], *, key: ApiKey, intake: Intake, now: datetime
) -> dict[tuple[str, int], Recorded]:
    """What became of the events of people who are new on their site and stand among `events` once, by person.

    All others are left to `record_conversion`: they may be repeats, or the
    person was erased, or the database refuses one of the values.
    """
    times = Counter(event.person for event in events)
    alone = [event for event in events if times[event.person] == 1 and not event.facts.own_event_id]
    try:
        with transaction.atomic():
            return _record(alone, key, intake, now=now)
    except (DataError, IntegrityError):
        return {}


def _record(
    events: Sequence[GivenEvent], key: ApiKey, intake: Intake, *, now: datetime
) -> dict[tuple[str, int], Recorded]:
    sites = {event.channel.site_id: event.channel.site for event in events}
    pixels = {site_id: scheduling.active_pixels(site) for site_id, site in sites.items()}
    leads = {(lead.site_id, lead.telegram_user_id): lead for lead in _new_leads(events, key, intake, now=now)}
    written = [
        (event, *_unsaved(event, leads[event.person], pixels[event.channel.site_id], key, intake, now=now))
        for event in events
        if event.person in leads
    ]
    Conversion.objects.bulk_create([conversion for _, _, conversion, _ in written])
    Send.objects.bulk_create([send for *_, sends in written for send in sends])
    if intake is not Intake.LIVE:
        report_days.figures_changed(key.account_id, [one.attributed_at for _, _, one, _ in written], now=now)
    return {
        event.person: _concluded(conversion, sends, pixels[event.channel.site_id], facts, intake)
        for event, facts, conversion, sends in written
    }


def _new_leads(events: Iterable[GivenEvent], key: ApiKey, intake: Intake, *, now: datetime) -> list[Lead]:
    wanted = [
        NewLead(
            event.channel.site,
            event.telegram_user_id,
            "" if key.is_test else event.facts.external_user_id,
            event.at(intake, now),
        )
        for event in events
    ]
    return add_leads(wanted)


def _unsaved(
    event: GivenEvent, lead: Lead, pixels: Sequence[Pixel], key: ApiKey, intake: Intake, *, now: datetime
) -> tuple[EventFacts, Conversion, list[Send]]:
    """The event's facts as they are kept, its conversion and its sends."""
    facts, hashes = storable(event.facts, event.channel.site, pixels)
    source = Source.HISTORY if intake is Intake.HISTORY else Source.API
    at = event.at(intake, now)
    conversion = new_conversion(key, event.channel, lead, facts, hashes, [], source=source, now=at)
    if intake is Intake.HISTORY:
        return facts, conversion, []
    priority = Priority.FRESH if intake is Intake.LIVE else Priority.REPLAY
    return facts, conversion, scheduling.new_sends(conversion, pixels, priority=priority, now=now)


def _concluded(
    conversion: Conversion, sends: Sequence[Send], pixels: Sequence[Pixel], facts: EventFacts, intake: Intake
) -> Recorded:
    if intake is Intake.HISTORY:
        return Recorded(conversion=conversion, is_cold=True, left_out=facts.left_out)
    return recorded_as_new(conversion, scheduling.announce(sends), pixels, facts)
