"""Rows that are written together, and how those of people, visits, joins and conversions are made."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model

from adtarget.core.ids import id_of_moment
from adtarget.demo.seeding.places import Place
from conversions.choices import Source
from conversions.models import Conversion
from dispatch.models import Attempt, Send
from leads.models import Channel, Lead
from tracker.choices import Route
from tracker.models import Invite, Join, TrackingSession, Visit

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
    sent: int = 0  # conversions with sends

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


class RowMaker:
    """Makes one row after the other and keeps them in `rows` until they are written."""

    def __init__(self, draw: random.Random, *, now: datetime, last_person: int) -> None:
        self.draw, self.now, self.person = draw, now, last_person
        self.rows = Rows()

    def meet(self, place: Place, at: datetime) -> Lead:
        self.person += 1
        lead = Lead(
            site=place.site,
            telegram_user_id=self.person,
            telegram_username=f"person_{self.person}" if self.draw.random() < 0.6 else "",
            external_user_id=f"crm-{self.person}" if self.draw.random() < 0.3 else "",
            first_seen_at=at,
            last_seen_at=at,
        )
        self.rows.leads.append(lead)
        return lead

    def visit(self, place: Place, at: datetime) -> Visit:
        source = self.draw.choices(list(SOURCES), [weight for weight, _ in SOURCES.values()])[0]
        visitor = uuid.UUID(int=self.draw.getrandbits(128), version=4)
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
            client_ip=f"203.0.113.{self.draw.randrange(1, 255)}",
            user_agent=self.draw.choice(AGENTS),
            country=self.draw.choice(("DE", "AT", "ES", "BR")),
            **self._tags(source, at),
        )
        self.rows.sessions.append(session)
        self.rows.visits.append(visit)
        return visit

    def _tags(self, source: str, at: datetime) -> dict[str, str]:
        """UTM tags and click ids of an ad; none where somebody typed the address."""
        words = {"ms": int(at.timestamp() * 1000), "number": self.draw.getrandbits(30)}
        clicks = SOURCES[source][1]
        found = {name: form.format(token=f"{self.draw.getrandbits(96):024x}", **words) for name, form in clicks.items()}
        if source:
            found |= {
                "utm_source": source,
                "utm_medium": "paid",
                "utm_campaign": self.draw.choice(CAMPAIGNS),
                "utm_content": self.draw.choice(ADS),
            }
        return found

    def invite(self, channel: Channel, visit: Visit, at: datetime, *, used_at: datetime) -> Invite:
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
        self.rows.invites.append(invite)
        return invite

    def join(
        self,
        channel: Channel,
        lead: Lead,
        at: datetime,
        *,
        route: Route,
        visit: Visit | None = None,
        invite: Invite | None = None,
    ) -> None:
        left_at = self.soon(at, minutes=30 * 24 * 60) if self.draw.random() < 0.25 else None
        self.rows.joins.append(
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

    def convert(
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
        self.rows.conversions.append(conversion)
        return conversion

    def soon(self, at: datetime, *, minutes: int) -> datetime:
        """Some moment within the next minutes, and before now."""
        return at + self.draw.random() * min(timedelta(minutes=minutes), self.now - at)
