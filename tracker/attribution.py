"""Where a join came from: the evidence, or an honest reason why there is none."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from dispatch.platforms.registry import click_fields, kept_parameters
from leads.models import Channel, Lead
from tracker.choices import REFUSED_AS_ABUSE, Route, Tap
from tracker.models import BotStart, Invite, Join, UnattributableClick, Visit
from tracker.telegram.updates import Joined

#: Routes that lead back to a link of ours; every other join is organic.
OURS = frozenset({Route.INVITE_LINK, Route.JOIN_REQUEST, Route.BOT_START, Route.RECENT_HISTORY, Route.NO_CLICK})
#: Joins that an ad may or may not have brought: only what happened on the page before can decide.
UNTRACED = frozenset({Route.PUBLIC_CHANNEL, Route.LINK_UNKNOWN, Route.BOT_NOT_ADMIN})

BOT_START_FOR = timedelta(days=7)
HISTORY_FOR = timedelta(days=30)
TAP_FOR = timedelta(minutes=10)  # from the tap to the join; most take seconds

_SIGNATURE_LENGTH = 16  # 12 bytes of HMAC-SHA256; Telegram allows 64 characters in all


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    route: Route
    invite: Invite | None = None
    visit: Visit | None = None


def match_join(*, channel: Channel, lead: Lead, joined: Joined, request: Join | None) -> Match:
    """The best evidence there is, in the order of its strength.

    The invite link itself, the link of the person's join request, a start of
    the bot in the last 7 days, an attributed join on the same site in the
    last 30 days. For a person's first join in the channel; the caller holds
    the lead's lock.
    """
    asked_by = request.invite.link if request and request.invite else ""
    invite = invite_of(channel, joined.link) or invite_of(channel, asked_by)
    if invite is not None and invite.used_at is None:
        return by_invite(invite)  # a link passed on does not make a second conversion of one click
    return (
        _by_bot_start(channel, lead, joined.at)
        or _by_history(channel, lead, joined.at)
        or Match(route=_why_not(channel, lead, joined, invite))
    )


def invite_of(channel: Channel, link: str) -> Invite | None:
    """The invite with exactly this link, locked; other administrators' links come cut and match none."""
    if not link:
        return None
    found = Invite.objects.select_for_update().filter(link=link).first()  # by the one index that finds it at once
    return found if found and found.channel_id == channel.pk else None


def by_invite(invite: Invite) -> Match:
    route = Route.JOIN_REQUEST if invite.creates_join_request else Route.INVITE_LINK
    return _match(route, invite.visit, invite)


def _match(route: Route, visit: Visit | None, invite: Invite | None = None) -> Match:
    return Match(route=route if visit and has_click(visit) else Route.NO_CLICK, invite=invite, visit=visit)


def has_click(visit: Visit) -> bool:
    """Whether an ad click stands behind the visit: some network's click id, not only a browser id."""
    return any(visit.signal(name) for name in click_fields()) or any(map(visit.parameters.get, kept_parameters()))


def _by_bot_start(channel: Channel, lead: Lead, at: datetime) -> Match | None:
    start = _latest_start(channel, lead, at, is_shared=False)
    return _match(Route.BOT_START, start.visit) if start else None


def _latest_start(channel: Channel, lead: Lead, at: datetime, *, is_shared: bool) -> BotStart | None:
    return (
        BotStart.objects.filter(
            telegram_user_id=lead.telegram_user_id,
            visit__site=channel.site,
            started_at__gt=at - BOT_START_FOR,
            is_shared=is_shared,
        )
        .select_related("visit")
        .order_by("-started_at")
        .first()
    )


def _by_history(channel: Channel, lead: Lead, at: datetime) -> Match | None:
    earlier = (
        Join.objects.filter(lead=lead, visit__isnull=False, joined_at__gt=at - HISTORY_FOR)
        .exclude(channel=channel)
        .select_related("visit")
        .order_by("-joined_at")
        .first()
    )
    return _match(Route.RECENT_HISTORY, earlier.visit) if earlier else None


def _why_not(channel: Channel, lead: Lead, joined: Joined, shared: Invite | None) -> Route:
    if shared is not None or _latest_start(channel, lead, joined.at, is_shared=True):
        return Route.LINK_SHARED
    if joined.was_added:
        return Route.ADDED_BY_ADMIN
    if channel.bot_problem:
        return Route.BOT_NOT_ADMIN  # no links of ours can exist, so visitors got the channel's own
    return Route.LINK_UNKNOWN if joined.link else Route.PUBLIC_CHANNEL


# ------------------------------------------------------------------ lost on the way, or organic?
def tap_before(channel: Channel, route: Route, at: datetime) -> Tap | str:
    """What kind of tap may have led to a join that no link leads back; '' where there was none.

    A tap explains one join: with two taps and three such joins within ten
    minutes, the third is organic.
    """
    if route == Route.LINK_SHARED:
        return Tap.PERSONAL  # the link itself proves it
    if route not in UNTRACED:
        return ""
    since, until = at - TAP_FOR, at + timedelta(seconds=1)  # Telegram cuts its dates to the second
    sent_on = UnattributableClick.objects.filter(channel=channel, clicked_at__gt=since, clicked_at__lt=until)
    sent_on = sent_on.exclude(reason__in=REFUSED_AS_ABUSE)
    if sent_on.values("visit").distinct().count() > _explained(channel, Tap.FALLBACK, since, until):
        return Tap.FALLBACK
    given = Invite.objects.filter(channel=channel, given_at__gt=since, given_at__lt=until, used_at__isnull=True)
    return Tap.PERSONAL if given.count() > _explained(channel, Tap.PERSONAL, since, until) else ""


def _explained(channel: Channel, tap: Tap, since: datetime, until: datetime) -> int:
    joins = Join.objects.filter(channel=channel, joined_at__gt=since, joined_at__lt=until, tap_before=tap)
    return joins.exclude(route=Route.LINK_SHARED).count()


# ------------------------------------------------------------------ start links of bots
def start_payload(visit: Visit) -> str:
    """What `https://t.me/<bot>?start=` carries to lead back to this visit, signed; at most 56 characters."""
    return visit.pk + _signature(visit.pk)


def visit_of(payload: str) -> Visit | None:
    """The visit that a start payload of ours names; None for anybody else's."""
    visit_id, signature = payload[:-_SIGNATURE_LENGTH], payload[-_SIGNATURE_LENGTH:]
    if not visit_id or not constant_time_compare(signature, _signature(visit_id)):
        return None
    return Visit.objects.select_related("site").filter(pk=visit_id).first()


def _signature(visit_id: str) -> str:
    digest = salted_hmac("tracker.bot_start", visit_id, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)[:_SIGNATURE_LENGTH].decode()
