"""The sites, channels and paused pixels of an invented history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from adtarget import provisioning
from adtarget.demo.account import demo_pixels
from conversions.choices import EventType
from dispatch.models import Pixel
from leads.models import Channel, Site

SITES = {"morning-trades.example": "EUR", "odds-desk.example": "EUR", "language-club.example": "USD"}
CHANNELS = [("VIP", EventType.LEAD), ("Community", EventType.SUBSCRIBE), ("Course", EventType.COMPLETE_REGISTRATION)]
PAUSED = "Invented by manage.py seed; nothing is sent."


@dataclass(slots=True)
class Place:
    """A site with its channels and pixels."""

    site: Site
    currency: str
    channels: list[Channel]
    pixels: list[Pixel]


@transaction.atomic
def make_places(account: str, *, now: datetime) -> list[Place]:
    """Sites, channels and pixels by way of `provision`. Paused, so that a value entered later goes nowhere either."""
    made = provisioning.provision(_document(account), now=now, actor="manage.py seed")
    sites = {site["siteId"]: site for site in made["sites"]}
    pixels = [pixel["id"] for site in made["sites"] for pixel in site["pixels"]]
    _pause(pixels, now=now)
    return [
        Place(
            site,
            SITES[site.domain],
            list(site.channels.filter(pk__in=[entry["channelId"] for entry in sites[site.pk]["channels"]])),
            list(site.pixels.filter(pk__in=pixels).order_by("platform")),
        )
        for site in Site.objects.filter(pk__in=sites).select_related("account").order_by("domain")
    ]


def _pause(pixels: Iterable[str], *, now: datetime) -> None:
    running = Pixel.objects.filter(pk__in=pixels, paused_at__isnull=True)
    running.update(paused_at=now, pause_code="seed", pause_message=PAUSED)


def _document(account: str) -> dict[str, Any]:
    return {
        "account": {"name": account},
        "sites": [
            {
                "domain": domain,
                "name": domain.split(".")[0].replace("-", " ").capitalize(),
                "pixels": [{"platform": slug, **pixel} for slug, pixel in demo_pixels().items()],
                "channels": _channels(number),
            }
            for number, domain in enumerate(SITES)
        ],
    }


def _channels(site_number: int) -> list[dict[str, Any]]:
    return [
        {
            "telegramChannelId": -1_009_000_000_000 - 10 * site_number - order,
            "title": title,
            "funnelOrder": order,
            "default": order == 0,
            "eventType": event_type,
        }
        for order, (title, event_type) in enumerate(CHANNELS)
    ]
