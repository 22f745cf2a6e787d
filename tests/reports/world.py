"""Ten thousand random events of one account, and what its reports have to say of them, counted in Python."""

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from adtarget.dashboard.overview.queries import Figures
from adtarget.dashboard.periods import Period
from conversions.choices import EventType, Source
from conversions.models import Conversion
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from leads.models import Account, Channel, Lead
from tracker.choices import Route
from tracker.models import Invite, Join, TrackingSession, Visit

NOW = datetime(2026, 11, 1, 15, 20, tzinfo=UTC)
#: From three days before Europe's clocks go back until they have in America.
BEGAN = datetime(2026, 10, 22, 22, 40, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati")
Facts = dict[str, Any]


def some_moment(draw: random.Random) -> datetime:
    """Half of them close to a midnight in UTC, where mistakes are."""
    at = BEGAN + (NOW - BEGAN) * draw.random()
    if draw.random() < 0.5:
        at = at.replace(hour=draw.choice((0, 23)), minute=draw.choice((0, 29, 30, 44, 45, 59)), second=0)
    return min(at, NOW)


def make_events(draw: random.Random, channels: list[Channel], pixels: list[Pixel], count: int) -> None:
    """`count` events: conversions, most of them with a visit, joins, links and sends."""
    count = round(count * 0.41)
    site = channels[0].site
    moments = [some_moment(draw) for _ in range(count)]
    leads = Lead.objects.bulk_create(
        [
            Lead(site=site, telegram_user_id=10_000 + n, first_seen_at=at, last_seen_at=at)
            for n, at in enumerate(moments)
        ]
    )
    session = TrackingSession.objects.create(site=site, temp_id=uuid.uuid4(), started_at=BEGAN, last_visit_at=NOW)
    visits = Visit.objects.bulk_create(
        [
            Visit(
                site=site,
                session=session,
                temp_id=uuid.UUID(int=draw.getrandbits(128)),
                visited_at=some_moment(draw),
                utm_source=draw.choice(("facebook", "", "tiktok")),
                utm_campaign=draw.choice(("spring", "")),
                utm_content=draw.choice(("video", "")),
            )
            for _ in range(count // 2)
        ]
    )
    conversions = Conversion.objects.bulk_create(
        [_conversion(draw, lead, at, channels, visits) for lead, at in zip(leads, moments, strict=True)]
    )
    Join.objects.bulk_create([_join(draw, conversion) for conversion in conversions[::3]])
    Invite.objects.bulk_create(
        [
            Invite(
                channel=draw.choice(channels),
                link=f"https://t.me/+{number}",
                visit=visit,
                created_at=visit.visited_at,
                expires_at=NOW,
                given_at=draw.choice((None, some_moment(draw))),
            )
            for number, visit in enumerate(visits[::5])
        ]
    )
    Send.objects.bulk_create([_send(draw, conversion, draw.choice(pixels)) for conversion in conversions[::2]])
    with connection.cursor() as cursor:
        # A planner that believes the tables empty reads them whole. Ours alone: the server's own are shared with other
        # test processes, and stay locked until the test ends.
        for table in (Conversion, Send, Visit, Join, Invite, Lead):
            cursor.execute(f"ANALYZE {table._meta.db_table}")


def _conversion(
    draw: random.Random, lead: Lead, at: datetime, channels: list[Channel], visits: list[Visit]
) -> Conversion:
    channel, kind = draw.choice(channels), draw.choice(EventType.values[:4])
    waits = kind == EventType.PURCHASE and draw.random() < 0.2
    value = None if kind != EventType.PURCHASE or waits else Decimal(draw.randrange(1, 10**9)) / 10_000
    return Conversion(
        account_id=channel.site.account_id,
        site=channel.site,
        channel=channel,
        lead=lead,
        telegram_user_id=lead.telegram_user_id,
        visit=draw.choice(visits) if draw.random() < 0.7 else None,
        source=Source.TRACKER if waits else Source.API,
        event_type=kind,
        value=value,
        currency="" if value is None else draw.choice(("EUR", "USD")),
        awaiting_manual_input=waits,
        is_test=draw.random() < 0.02,
        event_time=at,
        attributed_at=at,
    )


def _join(draw: random.Random, conversion: Conversion) -> Join:
    at = some_moment(draw)
    return Join(
        channel_id=conversion.channel_id,
        lead_id=conversion.lead_id,
        route=Route.INVITE_LINK,
        visit_id=conversion.visit_id,
        joined_at=at,
        last_joined_at=at,
        left_at=NOW if draw.random() < 0.3 else None,
    )


def _send(draw: random.Random, conversion: Conversion, pixel: Pixel) -> Send:
    status = draw.choice(SendStatus.values)
    is_sent, is_open = status == SendStatus.SENT, status == SendStatus.PENDING
    return Send(
        conversion=conversion,
        pixel=pixel,
        platform=pixel.platform,
        status=status,
        reason="" if is_sent or is_open else draw.choice((Reason.REJECTED, Reason.TEST_MODE)),
        due_at=NOW if is_open else None,
        sent_at=NOW if is_sent else None,
        created_at=conversion.attributed_at,
    )


# ------------------------------------------------------------------ what pages say, and what they have to say
def reported(account: Account, period: Period) -> Facts:
    """The figures of the pages, in the words of `Rows.expected`."""
    figures = Figures(account, period)
    happened = figures.happened()
    whole = figures.funnel()[0]
    return {
        "by type": {(kind, day): n for kind, days in happened.by_type.items() for day, n in days.items()},
        "revenue": {(c, day): total for c, days in happened.revenue_by_day.items() for day, total in days.items()},
        "totals": (happened.count, dict(happened.revenue)),
        "totals alone": figures.totals(),
        "sources": {
            (source.source, source.campaign, source.ad): (source.conversions, source.purchases, dict(source.revenue))
            for source in figures.sources()
        },
        "funnel": (whole.visits, whole.clicks, whole.joins, whole.organic, whole.left, whole.purchases),
        "sends": {
            (health.platform, status, n) for health in figures.health() for status, n in health.by_status.items() if n
        },
    }


class Rows:
    """Every row of the account, read once, and the same figures from one after the other."""

    def __init__(self, account: Account) -> None:
        tags = ("visit__utm_source", "visit__utm_campaign", "visit__utm_content")
        self._conversions = list(
            Conversion.objects.filter(account=account, is_test=False).values_list(
                "attributed_at", "event_type", "currency", "value", *tags
            )
        )
        self._visits = list(Visit.objects.filter(site__account=account).values_list("visited_at"))
        self._invites = list(
            Invite.objects.filter(channel__site__account=account, given_at__isnull=False).values_list("given_at")
        )
        self._joins = list(
            Join.objects.filter(channel__site__account=account).values_list("joined_at", "visit", "left_at")
        )
        self._sends = list(
            Send.objects.filter(pixel__site__account=account).values_list("created_at", "platform", "status")
        )

    def expected(self, period: Period, zone: ZoneInfo) -> Facts:
        with timezone.override(zone):
            since, until = period.since, period.until
        rows = [row for row in self._conversions if since <= row[0] < until]
        by_type: Counter[Any] = Counter()
        revenue: dict[Any, Decimal] = defaultdict(Decimal)
        total: dict[str, Decimal] = defaultdict(Decimal)
        sources: dict[Any, tuple[int, int, dict[str, Decimal]]] = {}
        for at, kind, currency, value, *tags in rows:
            day = at.astimezone(zone).date()
            by_type[kind, day] += 1
            key = tuple(tag or "" for tag in tags)
            count, purchases, sums = sources.get(key, (0, 0, defaultdict(Decimal)))
            sources[key] = count + 1, purchases + (kind == EventType.PURCHASE), sums
            if value is not None:
                revenue[currency, day] += value
                total[currency] += value
                sums[currency] += value
        joins = [join for join in self._joins if since <= join[0] < until]
        sends = Counter(tuple(kind) for at, *kind in self._sends if since <= at < until)
        return {
            "by type": dict(by_type),
            "revenue": dict(revenue),
            "totals": (len(rows), dict(total)),
            "totals alone": (len(rows), dict(total)),
            "sources": sources,
            "funnel": (
                sum(since <= at < until for (at,) in self._visits),
                sum(since <= at < until for (at,) in self._invites),
                len(joins),
                sum(visit is None for _, visit, _ in joins),
                sum(left is not None for _, _, left in joins),
                sum(kind == EventType.PURCHASE and value is not None for _, kind, _, value, *_ in rows),
            ),
            "sends": {(*kind, count) for kind, count in sends.items()},
        }


def periods(draw: random.Random) -> Iterator[Period]:
    """The whole, and a part of it."""
    yield Period(BEGAN.date(), NOW.date())
    first = BEGAN.date() + timedelta(days=draw.randrange(8))
    yield Period(first, first + timedelta(days=draw.randrange(4)))
