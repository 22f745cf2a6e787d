"""How well each pixel's events can be matched to people."""

from dataclasses import dataclass

from dispatch.events import outgoing_event
from dispatch.match_quality import MatchQuality, average, coverage
from dispatch.models import Pixel, Send
from leads.models import Account

LATEST = 100  # events of each pixel
MOST_PIXELS = 20


@dataclass(frozen=True, slots=True)
class PixelQuality:
    """`keys` are name, weight of ten, and the share of the `events` that have it in per cent."""

    pixel: Pixel
    events: int
    quality: MatchQuality | None
    keys: list[tuple[str, str, int]]


def pixel_qualities(account: Account) -> list[PixelQuality]:
    """Of the latest events; one query a pixel."""
    pixels = Pixel.objects.active().filter(site__account=account).select_related("site")
    return [_quality(pixel) for pixel in pixels.order_by("site__domain", "platform", "pixel_id")[:MOST_PIXELS]]


def _quality(pixel: Pixel) -> PixelQuality:
    # By the site's latest conversions, which an index holds in order.
    sends = Send.objects.filter(pixel=pixel, conversion__site=pixel.site_id).order_by(
        "-conversion__attributed_at", "-conversion"
    )
    sends = sends.select_related("conversion__visit", "conversion__site")
    events = [outgoing_event(send.conversion) for send in sends[:LATEST]]
    platform = pixel.platform
    keys = [
        (key, weight, round(100 * count / len(events)) if events else 0)
        for key, weight, count in coverage(events, platform)
    ]
    return PixelQuality(pixel, len(events), average(events, platform), keys)
