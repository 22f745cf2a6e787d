"""People one after the other, from the first day to now: who comes from where, joins and buys."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from adtarget.demo.seeding.places import Place
from adtarget.demo.seeding.rows import AGENTS, RowMaker, Rows
from adtarget.demo.seeding.sends import make_send
from conversions.choices import EventType, Source
from conversions.models import Conversion
from conversions.pii import hash_pii
from leads.models import Channel, Lead
from tracker.choices import Route
from tracker.models import Visit

CHUNK = 1000  # conversions written together
FIRST_PERSON = 7_000_000_001  # Telegram gives ids of this size today


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to invent. `conversions` counts those with sends; others come on top."""

    account: str
    conversions: int
    days: int
    seed: int


class History:
    """Draws people one after the other and hands out their rows in chunks."""

    def __init__(self, order: Order, places: list[Place], *, now: datetime) -> None:
        self._order, self._places, self._now = order, places, now
        self._began = now - timedelta(days=order.days)
        latest = Lead.objects.filter(site__in=[place.site for place in places]).aggregate(Max("telegram_user_id"))
        last_person = max(latest["telegram_user_id__max"] or 0, FIRST_PERSON - 1)
        self._draw = random.Random(order.seed)
        self._make = RowMaker(self._draw, now=now, last_person=last_person)
        self._sent = 0

    def chunks(self) -> Iterator[Rows]:
        while self._sent < self._order.conversions:
            self._add_person()
            if self._make.rows.sent >= CHUNK or self._sent >= self._order.conversions:
                yield self._make.rows
                self._make.rows = Rows()

    def _add_person(self) -> None:
        """One person: most came from an ad, some by themselves, some are only known to the shop."""
        place = self._draw.choice(self._places)
        share = (self._sent + self._draw.random()) / self._order.conversions
        at = min(self._began + share * (self._now - self._began), self._now)
        lead = self._make.meet(place, at)
        for _ in range(self._draw.choice((0, 0, 1, 2))):
            self._make.visit(place, at)  # somebody who only looked
        match self._draw.choices(("ad", "organic", "shop"), (75, 12, 13))[0]:
            case "ad":
                self._come_from_an_ad(place, lead, at)
            case "organic":
                self._come_unasked(place, lead, at)
            case "shop":
                self._buy(place, lead, self._draw.choice(place.channels), at, visit=None)

    def _come_unasked(self, place: Place, lead: Lead, at: datetime) -> None:
        channel = self._draw.choice(place.channels)
        self._make.join(channel, lead, at, route=Route.PUBLIC_CHANNEL)
        self._make.convert(lead, channel, at, Source.WEBHOOK, channel.event_type)

    def _come_from_an_ad(self, place: Place, lead: Lead, at: datetime) -> None:
        channel = self._draw.choice(place.channels)
        visit = self._make.visit(place, at)
        joined_at = self._make.soon(at, minutes=30)
        invite = self._make.invite(channel, visit, at, used_at=joined_at)
        self._make.join(channel, lead, joined_at, route=Route.INVITE_LINK, visit=visit, invite=invite)
        joined = self._make.convert(lead, channel, joined_at, Source.TRACKER, channel.event_type, visit=visit)
        self._send(joined, place)
        for _ in range(self._draw.choice((0, 0, 1, 2))):
            self._buy(place, lead, channel, self._make.soon(joined_at, minutes=14 * 24 * 60), visit=visit)

    def _buy(self, place: Place, lead: Lead, channel: Channel, at: datetime, *, visit: Visit | None) -> None:
        """A purchase; one in a hundred still lacks its value, and so has no sends."""
        if self._sent >= self._order.conversions:
            return
        if self._draw.random() < 0.01:
            self._make.convert(
                lead, channel, at, Source.API, EventType.PURCHASE, visit=visit, awaiting_manual_input=True
            )
            return
        bought = self._make.convert(
            lead,
            channel,
            at,
            Source.API,
            EventType.PURCHASE,
            visit=visit,
            value=Decimal(self._draw.randrange(990, 49_990, 500)) / 100,
            currency=place.currency,
            content_name=channel.title,
            order_id=f"seed-{self._make.person}-{self._sent}",
            pii=hash_pii(email=f"person{self._make.person}@mail.example"),
            is_cold=visit is None,
            is_test=self._draw.random() < 0.005,
            api_visit_override={} if visit else {"client_ip": "203.0.113.7", "user_agent": self._draw.choice(AGENTS)},
        )
        self._send(bought, place)

    def _send(self, conversion: Conversion, place: Place) -> None:
        """A send to each pixel of the site, ended long ago."""
        self._sent += 1
        self._make.rows.sent += 1
        for pixel in place.pixels:
            make_send(self._make, conversion, pixel)
