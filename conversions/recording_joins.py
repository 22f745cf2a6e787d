"""Records the event that a join of a channel means."""

from datetime import datetime

from django.db import transaction

from conversions import duplicates
from conversions.choices import EventType, Source
from conversions.facts import EventFacts
from conversions.inheritance import inherit, recent_history
from conversions.models import Conversion
from dispatch import scheduling
from dispatch.choices import SendStatus
from dispatch.webhooks import outbox
from leads import report_days
from leads.models import Channel, Lead
from tracker.models import Visit


@transaction.atomic
def record_conversion_from_join(
    *, channel: Channel, lead: Lead, visit: Visit | None, source: Source, now: datetime
) -> Conversion:
    """Keeps the event that a join in this channel means; the caller holds the lead's lock.

    An organic join (WEBHOOK) sends nothing; a Purchase without auto-fire awaits its value. Where the API reported
    this very event before, that conversion gets the visit, and nothing is counted twice.
    """
    if (twin := _told_before(channel, lead, now=now)) is not None:
        _complete_by_visit(twin, visit, now=now)
        return twin
    is_organic = source == Source.WEBHOOK
    awaits = not is_organic and _awaits_value(channel)
    inherited = inherit(recent_history(lead, is_test=False), now=now)
    conversion = Conversion.objects.create(
        account_id=channel.site.account_id,
        site=channel.site,
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
        scheduling.schedule(conversion, scheduling.active_pixels(channel.site), now=now)
    return conversion


def _awaits_value(channel: Channel) -> bool:
    """Whether somebody enters the value of the channel's purchases by hand."""
    return channel.event_type == EventType.PURCHASE and not (channel.auto_fire and channel.value is not None)


def _told_before(channel: Channel, lead: Lead, *, now: datetime) -> Conversion | None:
    """The conversion of this event that came over the API already."""
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
    report_days.figures_changed(twin.account_id, [twin.attributed_at], now=now)
    existing = list(twin.sends.select_related("pixel"))
    if not twin.awaiting_manual_input and not any(send.status == SendStatus.SENT for send in existing):
        scheduling.schedule(twin, scheduling.active_pixels(twin.site), now=now, existing=existing)
