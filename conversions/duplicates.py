"""Finds the recent conversion that an event repeats: what must match, and for how long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from adtarget.core import errors
from conversions.choices import EventType
from conversions.facts import EventFacts
from conversions.models import Conversion
from leads.models import Channel, Lead, Site

EVENT_ID_TAKEN = "Another event of this site has this eventId: of another person, or of another type."
SAME_ORDER_FOR = timedelta(days=7)
_SHORT_WINDOW = frozenset({EventType.PURCHASE, EventType.CUSTOM})


def find_duplicate(
    *, lead: Lead, channel: Channel, facts: EventFacts, is_test: bool, now: datetime
) -> Conversion | None:
    """The recent conversion that `facts` repeats; the caller holds the lead's lock.

    Its own row is locked too: a value may be submitted at the same time.
    Orders decide where both sides name one: the same is a duplicate for seven
    days whatever the channel, which history may have chosen another one of
    between two tries; another order never is. Otherwise channel and the
    site's window decide. Both count in either direction from `now`, which lies
    before later events where a file is imported. Before all that, the event id
    of the sender decides, for good. Raises InvalidPayload where another event has it.
    """
    if (same := _with_event_id(channel.site, facts, is_test=is_test)) is not None:
        _require_same_event(same, lead, facts)
        return same
    alike = Conversion.objects.latest_first().filter(
        lead=lead,
        event_type=facts.event_type,
        custom_event_name=facts.custom_event_name,
        is_test=is_test,
    )
    alike = alike.select_for_update(no_key=True)
    recent = alike.filter(channel=channel, **_within(window(channel.site, facts.event_type), now))
    if not facts.order_id:
        return recent.first()
    same_order = alike.filter(order_id=facts.order_id, **_within(SAME_ORDER_FOR, now))
    return same_order.first() or recent.filter(order_id="").first()


@contextmanager
def event_id_guarded(facts: EventFacts) -> Iterator[None]:
    """Around the insert of a new event. Raises InvalidPayload where another person's event has its event id."""
    if not facts.own_event_id:
        yield
        return
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "own_event_id" not in str(error):
            raise
        raise _taken() from error


def _with_event_id(site: Site, facts: EventFacts, *, is_test: bool) -> Conversion | None:
    if not facts.own_event_id:
        return None
    same = Conversion.objects.filter(own_event_id=facts.own_event_id, site=site, is_test=is_test)
    return same.select_for_update(no_key=True).first()


def _require_same_event(known: Conversion, lead: Lead, facts: EventFacts) -> None:
    """The person and the type are the event's; all else may be completed."""
    this = (lead.pk, facts.event_type, facts.custom_event_name)
    if (known.lead_id, known.event_type, known.custom_event_name) != this:
        raise _taken()


def _taken() -> errors.InvalidPayload:
    return errors.InvalidPayload(EVENT_ID_TAKEN, details=[{"field": "eventId", "message": EVENT_ID_TAKEN}])


def _within(span: timedelta, now: datetime) -> dict[str, datetime]:
    return {"attributed_at__gt": now - span, "attributed_at__lt": now + span}


def find_among(
    earlier: Sequence[Conversion], *, channel: Channel, facts: EventFacts, now: datetime
) -> Conversion | None:
    """The same out of conversions at hand, newest first, all of one lead and of one kind, tests or not."""
    alike = [
        one
        for one in earlier
        if one.event_type == facts.event_type and one.custom_event_name == facts.custom_event_name
    ]
    span = window(channel.site, facts.event_type)
    recent = (one for one in alike if one.channel_id == channel.pk and abs(one.attributed_at - now) < span)
    if not facts.order_id:
        return next(recent, None)
    same = (one for one in alike if one.order_id == facts.order_id and abs(one.attributed_at - now) < SAME_ORDER_FOR)
    return next(same, None) or next((one for one in recent if not one.order_id), None)


def looks_back(site: Site, facts: EventFacts) -> timedelta:
    """How far back a conversion may lie that the event repeats."""
    longest = window(site, facts.event_type)
    return max(longest, SAME_ORDER_FOR) if facts.order_id else longest


def window(site: Site, event_type: EventType) -> timedelta:
    """How long the same event counts as a repeat on this site."""
    short = event_type in _SHORT_WINDOW
    return timedelta(seconds=site.purchase_duplicate_window_seconds if short else site.duplicate_window_seconds)
