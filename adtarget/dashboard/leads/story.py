"""The timeline of a lead: visits, invites, joins, conversions, sends and attempts in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from adtarget.templatetags.dashboard import money
from conversions.models import Conversion
from dispatch.choices import Outcome
from dispatch.models import Attempt, Send
from leads.models import Lead
from leads.unreadable import read_rows
from tracker.models import BotStart, Invite, Join, Visit
from tracker.sources import ad_source, clicked

MOST = 100  # of each kind, the latest
TONES = {Outcome.ACCEPTED: "good", Outcome.REJECTED: "bad", Outcome.AUTH: "bad"}


@dataclass(frozen=True, slots=True)
class Moment:
    """`tone` is good, bad, warn or ''; `send` and `conversion` are ids to link to."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    tone: str = ""
    conversion: str = ""
    send: str = ""


def story(lead: Lead) -> list[Moment]:
    """The lead's moments, the earliest first."""
    joins = read_rows(lead.joins.select_related("channel")[:MOST]).found
    conversions = read_rows(lead.conversions.select_related("channel").latest_first()[:MOST]).found
    started = BotStart.objects.filter(telegram_user_id=lead.telegram_user_id, visit__site=lead.site_id)
    starts = list(started.select_related("bot")[:MOST])
    visits = _visits(lead, [*joins, *conversions, *starts])
    sends = read_rows(
        Send.objects.filter(conversion__in=conversions).select_related("pixel").order_by("-created_at")[:MOST]
    ).found
    moments = [
        *map(_visited, visits),
        *_invited(visits, joins),
        *(Moment(start.started_at, "bot", f"Opened {start.bot} by the page's link") for start in starts),
        *(moment for join in joins for moment in _stayed(join)),
        *(moment for conversion in conversions for moment in _converted(conversion)),
        *map(_scheduled, sends),
        *_attempted(sends),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _visits(lead: Lead, known: Sequence[Join | Conversion | BotStart]) -> list[Visit]:
    """The visits that lead to this person, and the same browser's others."""
    ids = {row.visit_id for row in known if row.visit_id}
    browsers = Visit.objects.filter(pk__in=ids).values("temp_id")
    found = Visit.objects.filter(site=lead.site_id, temp_id__in=browsers).order_by("-visited_at")
    return list(read_rows(found[:MOST]).found)


def _visited(visit: Visit) -> Moment:
    clicks = ", ".join(f"{name} click id" for name in clicked(visit))
    detail = " · ".join(part for part in (ad_source(visit) if visit.utm_source else "", clicks, visit.url) if part)
    return Moment(visit.visited_at, "visit", "Visited the page", detail)


def _invited(visits: Sequence[Visit], joins: Sequence[Join]) -> Iterator[Moment]:
    mine = Q(visit__in=visits) | Q(pk__in=[join.invite_id for join in joins if join.invite_id])
    for invite in Invite.objects.filter(mine, given_at__isnull=False).select_related("channel")[:MOST]:
        if invite.given_at:
            yield Moment(invite.given_at, "invite", f"Got an invite to {invite.channel}", invite.link)


def _stayed(join: Join) -> Iterator[Moment]:
    if join.requested_at:
        yield Moment(join.requested_at, "join", f"Asked to join {join.channel}")
    if join.joined_at:
        yield Moment(join.joined_at, "join", f"Joined {join.channel}", join.evidence, "good")
    if join.rejoins and join.last_joined_at and join.last_joined_at != join.joined_at:
        yield Moment(join.last_joined_at, "join", f"Came back to {join.channel}", f"{join.rejoins} times in all")
    if join.left_at:
        yield Moment(join.left_at, "leave", f"Left {join.channel}", tone="bad")


def _converted(conversion: Conversion) -> Iterator[Moment]:
    price = money(conversion.value, conversion.currency) if conversion.value is not None else ""
    waits = "awaits its value" if conversion.awaiting_manual_input else ""
    detail = " · ".join(part for part in (price, waits, conversion.get_source_display()) if part)
    title = f"{conversion.event_name} in {conversion.channel}"
    yield Moment(conversion.attributed_at, "conversion", title, detail, "warn" if waits else "good", conversion.pk)
    if conversion.value_submitted_at:
        yield Moment(conversion.value_submitted_at, "value", "Its value was submitted", price, "", conversion.pk)


def _scheduled(send: Send) -> Moment:
    detail = send.get_status_display() + (f": {send.reason_label}" if send.reason else "")
    tone = {"sent": "good", "failed": "bad", "pending": "warn"}.get(send.status, "")
    return Moment(send.created_at, "send", f"Scheduled for {send.pixel}", detail, tone, send=send.pk)


def _attempted(sends: Sequence[Send]) -> Iterator[Moment]:
    by_id = {send.pk: send for send in sends}
    for attempt in Attempt.objects.filter(send__in=sends).order_by("-started_at")[:MOST].defer("request", "response"):
        tone = TONES.get(Outcome(attempt.outcome), "warn")
        detail = " · ".join(part for part in (attempt.get_outcome_display(), attempt.code, attempt.message) if part)
        title = f"Attempt {attempt.number} at {by_id[attempt.send_id].pixel}"
        yield Moment(attempt.started_at, "attempt", title, detail, tone, send=attempt.send_id)
