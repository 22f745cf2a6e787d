"""Exactly what each platform would get of a conversion, token left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from adtarget.core import exact_json
from conversions.models import Conversion
from dispatch.consent import ConsentDenied, permitted
from dispatch.events import outgoing_event
from dispatch.match_quality import MatchQuality, match_quality
from dispatch.models import Pixel
from dispatch.platforms.facts import CannotExpress, OutgoingEvent
from dispatch.platforms.registry import PLATFORMS
from dispatch.reasons import words_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The request for one pixel, or in `problem` why there can be none."""

    pixel: Pixel
    quality: MatchQuality
    url: str = ""
    body: str = ""
    problem: str = ""


def previews(conversion: Conversion, pixels: Iterable[Pixel]) -> list[Preview]:
    event = outgoing_event(conversion)
    return [_preview(event, conversion, pixel) for pixel in pixels]


def _preview(event: OutgoingEvent, conversion: Conversion, pixel: Pixel) -> Preview:
    platform, config = PLATFORMS[pixel.platform], pixel.config()
    quality = match_quality(event, pixel.platform)
    if not platform.has_signal(event):
        return Preview(pixel=pixel, quality=quality, problem="Nothing to attribute by, so no send is made.")
    try:
        payload = platform.render(permitted(event, conversion, questions=platform.consents), config)
    except ConsentDenied as denied:
        return Preview(pixel=pixel, quality=quality, problem=denied.sentence)
    except CannotExpress as cannot:
        return Preview(pixel=pixel, quality=quality, problem=f"{words_of(cannot.reason).label}.")
    request = platform.request(config, "", [payload], test=event.is_test)
    body = exact_json.dumps(exact_json.loads(request.body), indent=2, ensure_ascii=False)
    return Preview(pixel=pixel, quality=quality, url=request.logged_url, body=body)
