"""An invented history of one account, as large as wanted, for trying out and measuring.

Nothing of it is ever delivered: each send has ended, and the pixels are paused.
The same number drawn from (`seed`) tells the same story; ids are new each time.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model

from adtarget import provisioning
from adtarget.core.ids import id_of_moment
from adtarget.demo.account import demo_pixels
from conversions.choices import EventType, Source
from conversions.models import Conversion
from conversions.pii import hash_pii
from dispatch.choices import Outcome, Reason, SendStatus
from dispatch.models import Attempt, Pixel, Send
from leads.models import Account, Channel, Lead, Site
from tracker.choices import Route
from tracker.models import Invite, Join, TrackingSession, Visit

CHUNK = 1000  # conversions written together
FIRST_PERSON = 7_000_000_001  # Telegram gives ids of this size today
SITES = {"morning-trades.example": "EUR", "odds-desk.example": "EUR", "language-club.example": "USD"}
CHANNELS = [("VIP", EventType.LEAD), ("Community", EventType.SUBSCRIBE), ("Course", EventType.COMPLETE_REGISTRATION)]
#: Each source with its visits' share and the click ids that its links carry.
SOURCES: dict[str, tuple[int, dict[str, str]]] = {
    "facebook": (45, {"fbc": "fb.1.{ms}.IwAR0{token}", "fbp": "fb.1.{ms}.{number}"}),
    "tiktok": (20, {"ttclid": "E.C.P.{token}", "ttp": "2{token}"}),
    "google": (20, {"gclid": "Cj0KCQ{token}"}),
    "snapchat": (10, {"sccid": "{token}", "sc_cookie1": "{token}"}),
    "": (5, {}),
}
CAMPAIGNS = ["spring", "retargeting", "lookalike", "brand", "webinar", "summer"]
ADS = ["video 1", "video 2", "carousel", "story", "still"]
AGENTS = [
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
]
GIVEN_UP = (Reason.EXPIRED, Reason.EXHAUSTED)
PAUSED = "Invented by manage.py seed; nothing is sent."


class HasHistory(Exception):
    """The account holds events already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to invent. `conversions` are those that platforms were told of; others come on top."""

    account: str
    conversions: int
    days: int
    seed: int


@dataclass(slots=True)
class Place:
    """A site with what hangs on it."""

    site: Site
    currency: str
    channels: list[Channel]
    pixels: list[Pixel]


@dataclass(slots=True)
class Rows:
    """What is written together, in the order in which it refers to one another."""

    leads: list[Lead] = field(default_factory=list)
    sessions: list[TrackingSession] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    invites: list[Invite] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    told: int = 0  # conversions with sends

    def write(self) -> None:
        tables: list[tuple[type[Model], list[Any]]] = [
            (Lead, self.leads),
            (TrackingSession, self.sessions),
            (Visit, self.visits),
            (Invite, self.invites),
            (Join, self.joins),
            (Conversion, self.conversions),
            (Send, self.sends),
            (Attempt, self.attempts),
        ]
        with transaction.atomic():
            for model, rows in tables:
                model._default_manager.bulk_create(rows, batch_size=1000)


def has_history(account: str) -> bool:
    """Whether a visit, a join or a conversion of the account is known."""
    mine = {"site__account__name": account}
    return (
        Conversion.objects.filter(account__name=account).exists()
        or Visit.objects.filter(**mine).exists()
        or Lead.objects.filter(**mine).exists()
    )


def seed(order: Order, *, now: datetime, progress: Callable[[int], None], again: bool = False) -> Account:
    """Invents it and calls `progress` with the conversions just written. Raises HasHistory unless told `again`."""
    if has_history(order.account) and not again:
        raise HasHistory
    places = _places(order.account, now=now)
    story = Story(order, places, now=now)
    for rows in story.chunks():
        rows.write()
        progress(rows.told)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a planner that believes the tables empty reads them whole
    return places[0].site.account


@transaction.atomic
def _places(account: str, *, now: datetime) -> list[Place]:
    """Sites, channels and pixels by way of `provision`. Paused, so that a value entered later goes nowhere either."""
    made = provisioning.provision(_document(account), now=now, actor="manage.py seed")
    sites = {site["siteId"]: site for site in made["sites"]}
    pixels = [pixel["id"] for site in made["sites"] for pixel in site["pixels"]]
    Pixel.objects.filter(pk__in=pixels, paused_at__isnull=True).update(
        paused_at=now, pause_code="seed", pause_message=PAUSED
    )
    return [
        Place(
            site,
            SITES[site.domain],
            list(site.channels.filter(pk__in=[entry["channelId"] for entry in sites[site.pk]["channels"]])),
            list(site.pixels.filter(pk__in=pixels).order_by("platform")),
        )
        for site in Site.objects.filter(pk__in=sites).select_related("account").order_by("domain")
    ]


def _document(account: str) -> dict[str, Any]:
    return {
        "account": {"name": account},
        "sites": [
            {
                "domain": domain,
                "name": domain.split(".")[0].replace("-", " ").capitalize(),
                "pixels": [{"platform": slug, **pixel} for slug, pixel in demo_pixels().items()],
                "channels": [
                    {
                        "telegramChannelId": -1_009_000_000_000 - 10 * number - order,
                        "title": title,
                        "funnelOrder": order,
                        "default": order == 0,
                        "eventType": event_type,
                    }
                    for order, (title, event_type) in enumerate(CHANNELS)
                ],
            }
            for number, domain in enumerate(SITES)
        ],
    }


# ------------------------------------------------------------------ the story
class Story:
    """People one after the other, from the first day to now; each brings what a person brings."""

    def __init__(self, order: Order, places: list[Place], *, now: datetime) -> None:
        self._order, self._places, self._now = order, places, now
        self._began = now - timedelta(days=order.days)
        self._draw = random.Random(order.seed)
        latest = Lead.objects.filter(site__in=[place.site for place in places]).aggregate(Max("telegram_user_id"))
        self._person = max(latest["telegram_user_id__max"] or 0, FIRST_PERSON - 1)
        self._rows = Rows()
        self._told = 0

    def chunks(self) -> Iterator[Rows]:
        while self._told < self._order.conversions:
            self._live()
            if self._rows.told >= CHUNK or self._told >= self._order.conversions:
                yield self._rows
                self._rows = Rows()

    def _live(self) -> None:
        """One person: most came from an ad, some of themselves, some are only known to the shop."""
        place = self._draw.choice(self._places)
        share = (self._told + self._draw.random()) / self._order.conversions
        at = min(self._began + share * (self._now - self._began), self._now)
        lead = self._meet(place, at)
        for _ in range(self._draw.choice((0, 0, 1, 2))):
            self._visit(place, at)  # somebody who only looked
        match self._draw.choices(("ad", "organic", "shop"), (75, 12, 13))[0]:
            case "ad":
                self._come_from_an_ad(place, lead, at)
            case "organic":
                channel = self._draw.choice(place.channels)
                self._join(channel, lead, at, route=Route.PUBLIC_CHANNEL)
                self._convert(lead, channel, at, Source.WEBHOOK, channel.event_type)
            case "shop":
                self._buy(place, lead, self._draw.choice(place.channels), at, visit=None)

    def _come_from_an_ad(self, place: Place, lead: Lead, at: datetime) -> None:
        channel = self._draw.choice(place.channels)
        visit = self._visit(place, at)
        joined_at = self._soon(at, minutes=30)
        invite = self._invite(channel, visit, at, used_at=joined_at)
        self._join(channel, lead, joined_at, route=Route.INVITE_LINK, visit=visit, invite=invite)
        joined = self._convert(lead, channel, joined_at, Source.TRACKER, channel.event_type, visit=visit)
        self._tell(joined, place)
        for _ in range(self._draw.choice((0, 0, 1, 2))):
            self._buy(place, lead, channel, self._soon(joined_at, minutes=14 * 24 * 60), visit=visit)

    def _buy(self, place: Place, lead: Lead, channel: Channel, at: datetime, *, visit: Visit | None) -> None:
        """A purchase; one in a hundred still lacks its value, and so went to nobody."""
        if self._told >= self._order.conversions:
            return
        if self._draw.random() < 0.01:
            self._convert(lead, channel, at, Source.API, EventType.PURCHASE, visit=visit, awaiting_manual_input=True)
            return
        bought = self._convert(
            lead,
            channel,
            at,
            Source.API,
            EventType.PURCHASE,
            visit=visit,
            value=Decimal(self._draw.randrange(990, 49_990, 500)) / 100,
            currency=place.currency,
            content_name=channel.title,
            order_id=f"seed-{self._person}-{self._told}",
            pii=hash_pii(email=f"person{self._person}@mail.example"),
            is_cold=visit is None,
            is_test=self._draw.random() < 0.005,
            api_visit_override={} if visit else {"client_ip": "203.0.113.7", "user_agent": self._draw.choice(AGENTS)},
        )
        self._tell(bought, place)

    # -------------------------------------------------------------- rows
    def _meet(self, place: Place, at: datetime) -> Lead:
        self._person += 1
        lead = Lead(
            site=place.site,
            telegram_user_id=self._person,
            telegram_username=f"person_{self._person}" if self._draw.random() < 0.6 else "",
            external_user_id=f"crm-{self._person}" if self._draw.random() < 0.3 else "",
            first_seen_at=at,
            last_seen_at=at,
        )
        self._rows.leads.append(lead)
        return lead

    def _visit(self, place: Place, at: datetime) -> Visit:
        source = self._draw.choices(list(SOURCES), [weight for weight, _ in SOURCES.values()])[0]
        visitor = uuid.UUID(int=self._draw.getrandbits(128), version=4)
        session = TrackingSession(
            id=id_of_moment("ses", at), site=place.site, temp_id=visitor, started_at=at, last_visit_at=at
        )
        page = f"https://{place.site.domain}/vip"
        visit = Visit(
            id=id_of_moment("vis", at),
            site=place.site,
            session=session,
            temp_id=visitor,
            visited_at=at,
            url=page,
            landing_page=page,
            client_ip=f"203.0.113.{self._draw.randrange(1, 255)}",
            user_agent=self._draw.choice(AGENTS),
            country=self._draw.choice(("DE", "AT", "ES", "BR")),
            **self._tags(source, at),
        )
        self._rows.sessions.append(session)
        self._rows.visits.append(visit)
        return visit

    def _tags(self, source: str, at: datetime) -> dict[str, str]:
        """UTM tags and click ids of an ad; none where somebody typed the address."""
        words = {"ms": int(at.timestamp() * 1000), "number": self._draw.getrandbits(30)}
        clicks = SOURCES[source][1]
        found = {
            name: form.format(token=f"{self._draw.getrandbits(96):024x}", **words) for name, form in clicks.items()
        }
        if source:
            found |= {
                "utm_source": source,
                "utm_medium": "paid",
                "utm_campaign": self._draw.choice(CAMPAIGNS),
                "utm_content": self._draw.choice(ADS),
            }
        return found

    def _invite(self, channel: Channel, visit: Visit, at: datetime, *, used_at: datetime) -> Invite:
        made = id_of_moment("inv", at)
        invite = Invite(
            id=made,
            channel=channel,
            link=f"https://t.me/+{made}",
            visit=visit,
            temp_id=visit.temp_id,
            created_at=at,
            expires_at=at + timedelta(days=7),
            given_at=at,
            clicks=1,
            used_at=used_at,
            revoked_at=used_at,  # a used link that is still open would be taken back at Telegram
        )
        self._rows.invites.append(invite)
        return invite

    def _join(
        self,
        channel: Channel,
        lead: Lead,
        at: datetime,
        *,
        route: Route,
        visit: Visit | None = None,
        invite: Invite | None = None,
    ) -> None:
        left_at = self._soon(at, minutes=30 * 24 * 60) if self._draw.random() < 0.25 else None
        self._rows.joins.append(
            Join(
                channel=channel,
                lead=lead,
                route=route,
                visit=visit,
                invite=invite,
                joined_at=at,
                last_joined_at=at,
                left_at=left_at,
                counted_at=at,
            )
        )

    def _convert(
        self, lead: Lead, channel: Channel, at: datetime, source: Source, event_type: str, **facts: Any
    ) -> Conversion:
        visit = facts.get("visit")
        conversion = Conversion(
            id=id_of_moment("cnv", at),
            account=channel.site.account,
            site=channel.site,
            channel=channel,
            lead=lead,
            telegram_user_id=lead.telegram_user_id,
            external_user_id=lead.external_user_id,
            session=visit.session if visit else None,
            source=source,
            event_type=event_type,
            event_time=at,
            attributed_at=at,
            **facts,
        )
        lead.last_seen_at = max(lead.last_seen_at, at)
        self._rows.conversions.append(conversion)
        return conversion

    # -------------------------------------------------------------- delivery
    def _tell(self, conversion: Conversion, place: Place) -> None:
        """A send to each pixel of the site, long over."""
        self._told += 1
        self._rows.told += 1
        for pixel in place.pixels:
            self._send(conversion, pixel)

    def _send(self, conversion: Conversion, pixel: Pixel) -> None:
        at = conversion.attributed_at
        reason = self._why_not(conversion, pixel)
        is_skipped = reason in (Reason.TEST_MODE, Reason.MISSING_GCLID)
        tries = 0 if is_skipped else 12 if reason in GIVEN_UP else self._draw.choice((1,) * 9 + (2,))
        send = Send(
            id=id_of_moment("snd", at),
            conversion=conversion,
            pixel=pixel,
            platform=pixel.platform,
            status=SendStatus.SKIPPED if is_skipped else SendStatus.FAILED if reason else SendStatus.SENT,
            reason=reason,
            attempts=tries,
            failures=max(tries - 1, 0),
            sent_at=None if reason else min(at + timedelta(seconds=tries), self._now),
            error_code="100" if reason == Reason.REJECTED else "2" if reason in GIVEN_UP else "",
            error_message="Invalid parameter" if reason == Reason.REJECTED else "",
            created_at=at,
        )
        self._rows.sends.append(send)
        last = {"": Outcome.ACCEPTED, Reason.REJECTED: Outcome.REJECTED}.get(reason, Outcome.RETRY)
        for number in range(1, tries + 1):
            self._attempt(send, number, last if number == tries else Outcome.RETRY)

    def _attempt(self, send: Send, number: int, outcome: Outcome) -> None:
        status, code = {
            Outcome.ACCEPTED: (200, ""),
            Outcome.REJECTED: (400, "100"),
        }.get(outcome, (500, "2"))
        self._rows.attempts.append(
            Attempt(
                send=send,
                number=number,
                started_at=min(send.created_at + timedelta(seconds=number), self._now),
                duration_ms=self._draw.randrange(60, 900),
                outcome=outcome,
                http_status=status,
                code=code,
                batch_size=self._draw.randrange(1, 50),
                request={"event_name": send.conversion.event_name, "event_id": send.conversion.pk},
            )
        )

    def _why_not(self, conversion: Conversion, pixel: Pixel) -> str:
        if conversion.is_test:
            return Reason.TEST_MODE
        visit = conversion.visit
        if pixel.platform == "google" and not conversion.pii and not (visit and visit.gclid):
            return Reason.MISSING_GCLID
        if self._draw.random() < 0.96:
            return ""
        return self._draw.choices((Reason.REJECTED, Reason.EXPIRED, Reason.EXHAUSTED), (6, 2, 1))[0]

    def _soon(self, at: datetime, *, minutes: int) -> datetime:
        """Some moment within the next minutes, and before now."""
        return at + self._draw.random() * min(timedelta(minutes=minutes), self._now - at)
