"""Decides what becomes of each event of a batch, in order and in memory, and writes it all at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adtarget.core import errors
from adtarget.core.json_rows import Rows
from conversions import duplicates, missing_signals
from conversions.batch.items import Item
from conversions.batch.people import Known, Person
from conversions.building import complete, new_conversion, storable
from conversions.facts import EventFacts
from conversions.inheritance import LOOKED_AT
from conversions.models import Conversion
from conversions.recording import Recorded
from dispatch import scheduling
from dispatch.choices import Priority, SendStatus
from dispatch.models import Pixel, Send
from leads import report_days
from leads.models import ApiKey, Lead

_COMPLETED = (
    "value currency awaiting_manual_input value_submitted_at content_name order_id external_user_id pii "
    "api_visit_override consent utms left_out"
).split()


@dataclass(slots=True)
class Recorder:
    """What a batch adds and changes; nothing is written before `write`."""

    key: ApiKey
    known: dict[Person, Known]
    pixels: dict[str, list[Pixel]]
    now: datetime
    _new: dict[str, Conversion] = field(default_factory=dict)
    _new_sends: list[Send] = field(default_factory=list)
    _completed: dict[str, Conversion] = field(default_factory=dict)
    _told: dict[str, Conversion] = field(default_factory=dict)
    _revived: dict[str, Send] = field(default_factory=dict)
    _to_ring: list[Send] = field(default_factory=list)

    def record(self, item: Item) -> Recorded:
        """What becomes of the event. Raises PersonErased."""
        channel, facts = item.channel, item.facts
        if channel is None or facts is None:
            raise errors.InternalError
        known = self.known.get((channel.site_id, item.telegram_user_id))
        if known is None:
            raise errors.PersonErased
        pixels = self.pixels[channel.site_id]
        facts, hashes = storable(facts, channel.site, pixels)
        if not self.key.is_test:
            known.lead.last_seen_at = max(known.lead.last_seen_at, self.now)
            known.lead.external_user_id = facts.external_user_id or known.lead.external_user_id
        twin = duplicates.find_among(known.history, channel=channel, facts=facts, now=self.now)
        if twin is not None:
            return self._repeat(known, twin, facts, hashes, pixels)
        history = known.history[:LOOKED_AT]
        self._tell(history, facts)
        conversion = new_conversion(self.key, channel, known.lead, facts, hashes, history, now=self.now)
        sends = scheduling.new_sends(conversion, pixels, now=self.now)
        self._new[conversion.pk] = conversion
        self._new_sends += sends
        known.history.insert(0, conversion)
        known.sends[conversion.pk] = sends
        return self._recorded(conversion, sends, pixels, facts, is_duplicate=False)

    def _repeat(
        self, known: Known, twin: Conversion, facts: EventFacts, hashes: dict[str, str], pixels: Sequence[Pixel]
    ) -> Recorded:
        existing = known.sends[twin.pk]
        if any(send.status == SendStatus.SENT for send in existing):
            return Recorded(
                conversion=twin,
                is_cold=False,
                is_duplicate=True,
                warning=missing_signals.ALREADY_SENT,
                left_out=facts.left_out,
            )
        complete(twin, facts, hashes, now=self.now)
        if twin.pk not in self._new:
            self._completed[twin.pk] = twin
        if not twin.awaiting_manual_input:
            self._schedule(twin, existing, pixels)
        active = {pixel.pk for pixel in pixels}
        mine = [] if twin.awaiting_manual_input else [send for send in existing if send.pixel_id in active]
        return self._recorded(twin, mine, pixels, facts, is_duplicate=True)

    def _schedule(self, twin: Conversion, existing: list[Send], pixels: Sequence[Pixel]) -> None:
        """Adds the sends that are missing to `existing`, and makes those due again that ended unsent."""
        active, has_one = {pixel.pk for pixel in pixels}, {send.pixel_id for send in existing}
        for send in existing:
            if send.pixel_id in active and scheduling.may_revive(send):
                scheduling.make_due(send, priority=Priority.FRESH, now=self.now)
                self._revived[send.pk] = send
        rest = [pixel for pixel in pixels if pixel.pk not in has_one]
        fresh = scheduling.new_sends(twin, rest, now=self.now)
        self._new_sends += fresh
        existing += fresh

    def _recorded(
        self,
        conversion: Conversion,
        sends: Sequence[Send],
        pixels: Sequence[Pixel],
        facts: EventFacts,
        *,
        is_duplicate: bool,
    ) -> Recorded:
        due = [send for send in sends if send.status == SendStatus.PENDING]
        self._to_ring += due
        return Recorded(
            conversion=conversion,
            is_cold=conversion.is_cold and not is_duplicate,
            sends=due,
            is_duplicate=is_duplicate,
            was_updated=is_duplicate,
            warning="" if due else missing_signals.nothing_scheduled(conversion, pixels, has_sends=bool(sends)),
            left_out=facts.left_out,
        )

    def _tell(self, history: Sequence[Conversion], facts: EventFacts) -> None:
        """Applies new consent to the lead's earlier events too."""
        for conversion in history if facts.consent else ():
            conversion.consent = facts.consent
            if conversion.pk not in self._new:
                self._told[conversion.pk] = conversion

    def write(self) -> None:
        """Writes everything; call inside the transaction that holds the leads' locks."""
        # All leads: their rows' versions tell the fast path that somebody was here.
        Rows(Lead, "last_seen_at", "external_user_id").update([one.lead for one in self.known.values()])
        Rows(Conversion).insert(list(self._new.values()))
        Rows(Conversion, "consent").update([one for one in self._told.values() if one.pk not in self._completed])
        Rows(Conversion, *_COMPLETED).update(list(self._completed.values()))
        fresh = {send.pk: send for send in self._new_sends}
        Rows(Send).insert(self._new_sends)
        Rows(Send, *scheduling.DUE_COLUMNS).update([one for one in self._revived.values() if one.pk not in fresh])
        moments = [one.attributed_at for one in self._completed.values()]
        report_days.figures_changed(self.key.account_id, moments, now=self.now)
        scheduling.ring_after_commit(send.pixel_id for send in self._to_ring)
