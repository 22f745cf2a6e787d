"""Records join requests, joins, leaves and rejoins of a channel.

Each runs in one transaction under the lead's lock, as the API's events do, so
that an event is counted once however it came in.
"""

from datetime import datetime, timedelta

from django.db import transaction

from adtarget.core import errors
from conversions import recording_joins
from conversions.choices import Source
from leads import report_days
from leads.locking import lock_lead
from leads.models import Channel, Lead
from leads.tombstones import lift_tombstone
from tracker import attribution
from tracker.attribution import Match
from tracker.choices import Route
from tracker.models import Invite, Join
from tracker.telegram.updates import Joined, JoinRequested, Left, Person


@transaction.atomic
def record_join(*, channel: Channel, joined: Joined, now: datetime) -> Join:
    """Keeps the first join with its evidence and event; a later one is a rejoin and counts nothing.

    Raises PersonErased for a join before the person was erased, as a replayed update tells of it.
    """
    lead = _lead(channel, joined.person, at=joined.at, now=now)
    join = _join_of(channel, lead)
    if join.arrived_at and joined.at <= join.arrived_at:
        return join  # told before, by another update or another bot
    is_first = join.joined_at is None
    join.last_joined_at = joined.at
    if join.left_at and join.left_at <= joined.at:
        join.left_at = None
    if is_first:
        _begin(join, joined, now=now)
    else:
        join.rejoins += 1
        _use(attribution.invite_of(channel, joined.link), now=now)
    if channel.stay_hours and join.counted_at is None and _has_event(channel):
        join.qualifies_at = joined.at + timedelta(hours=channel.stay_hours)
    elif is_first:
        count(join, now=now)
    join.save()
    return join


@transaction.atomic
def record_leave(*, channel: Channel, left: Left) -> bool:
    """Notes that somebody left, giving up an event that waited for them to stay; whether their join is known."""
    people = Lead.objects.select_for_update()
    lead = people.filter(site=channel.site, telegram_user_id=left.person.telegram_user_id).first()
    join = Join.objects.filter(channel=channel, lead=lead).first() if lead else None
    if join is None or join.arrived_at is None:
        return False
    if left.at < join.arrived_at:
        return True  # they are back already
    join.left_at = left.at
    if join.qualifies_at and left.at < join.qualifies_at:
        join.qualifies_at = None
    join.save(update_fields=["left_at", "qualifies_at"])
    return True


@transaction.atomic
def record_request(*, channel: Channel, request: JoinRequested, now: datetime) -> Join:
    """Keeps a request with its link, and has it approved where the channel says so. Raises PersonErased as above."""
    lead = _lead(channel, request.person, at=request.at, now=now)
    join = _join_of(channel, lead)
    invite = attribution.invite_of(channel, request.link)
    # Another bot of the channel may have told the whole link before this one, which got it cut.
    if join.joined_at is None and (invite or not join.invite_id):
        match = attribution.by_invite(invite) if invite else Match(route=Route.LINK_UNKNOWN)
        _attribute(join, match)
    join.requested_at = request.at
    # A link made by hand on a channel without requests is left to its maker.
    if channel.auto_approve and (channel.uses_join_requests or invite):
        join.approval_due_at = now
    join.save()
    return join


def count(join: Join, *, now: datetime) -> None:
    """Records the event that a first join means. The caller holds the lead's lock and saves the join."""
    join.qualifies_at = None
    if not _has_event(join.channel):
        return
    recording_joins.record_conversion_from_join(
        channel=join.channel,
        lead=join.lead,
        visit=join.visit,
        source=Source.TRACKER if join.route in attribution.OURS else Source.WEBHOOK,
        now=now,
    )
    join.counted_at = now


def _begin(join: Join, joined: Joined, *, now: datetime) -> None:
    request = join if join.requested_at else None
    match = attribution.match_join(channel=join.channel, lead=join.lead, joined=joined, request=request)
    join.joined_at = joined.at
    report_days.figures_changed(join.channel.site.account_id, [joined.at], now=now)
    _attribute(join, match)
    join.tap_before = attribution.tap_before(join.channel, match.route, joined.at)
    _use(match.invite, now=now)
    if match.visit and match.visit.external_user_id and not join.lead.external_user_id:
        join.lead.external_user_id = match.visit.external_user_id
        join.lead.save(update_fields=["external_user_id"])


def _attribute(join: Join, match: Match) -> None:
    join.route, join.invite, join.visit = match.route, match.invite, match.visit


def _use(invite: Invite | None, *, now: datetime) -> None:
    """Marks a link used: the pool never gives it out again, and a task revokes it."""
    if invite is not None:
        invite.used_at, invite.given_at = invite.used_at or now, invite.given_at or now
        invite.save(update_fields=["used_at", "given_at"])


def _has_event(channel: Channel) -> bool:
    return bool(channel.event_type) and not channel.site.is_paused


def _lead(channel: Channel, person: Person, *, at: datetime, now: datetime) -> Lead:
    """The lead; a person who joins after being erased gets a new one."""
    try:
        lead, _ = lock_lead(site=channel.site, telegram_user_id=person.telegram_user_id, now=now)
    except errors.PersonErased:
        if not lift_tombstone(channel.site.account_id, person.telegram_user_id, at=at):
            raise
        lead, _ = lock_lead(site=channel.site, telegram_user_id=person.telegram_user_id, now=now)
    lead.last_seen_at, lead.telegram_username = now, person.username or lead.telegram_username
    lead.save(update_fields=["last_seen_at", "telegram_username"])
    return lead


def _join_of(channel: Channel, lead: Lead) -> Join:
    join = Join.objects.select_related("invite__visit", "visit").filter(channel=channel, lead=lead).first()
    join = join or Join(channel=channel, lead=lead)
    join.channel, join.lead = channel, lead
    return join
