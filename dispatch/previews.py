"""Previews the request that each platform would get for a conversion, without the token, or why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from adtarget.core import exact_json
from conversions.models import Conversion
from dispatch.choices import Reason
from dispatch.consent import ConsentDenied, permitted
from dispatch.events import outgoing_event
from dispatch.match_quality import MatchQuality, match_quality
from dispatch.models import Pixel
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload
from dispatch.platforms.registry import PLATFORMS
from dispatch.reasons import words_of

NO_SIGNAL = "no_signal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The request for one pixel; or why there can be none: `reason` is the code, `problem` the sentence."""

    pixel: Pixel
    quality: MatchQuality
    payload: Payload | None = None
    url: str = ""
    body: str = ""
    reason: str = ""
    problem: str = ""


def previews(conversion: Conversion, pixels: Iterable[Pixel], *, now: datetime | None = None) -> list[Preview]:
    """One for each pixel. With `now`, an event that is too old or a test that cannot be sent is a problem as well."""
    event = outgoing_event(conversion)
    return [_preview(event, conversion, pixel, now) for pixel in pixels]


def _preview(event: OutgoingEvent, conversion: Conversion, pixel: Pixel, now: datetime | None) -> Preview:
    platform, config = PLATFORMS[pixel.platform], pixel.config()
    quality = match_quality(event, pixel.platform)

    def unsent(reason: str, problem: str = "") -> Preview:
        return Preview(pixel=pixel, quality=quality, reason=reason, problem=problem or f"{words_of(reason).label}.")

    if not platform.wants(event, config):
        return unsent(NO_SIGNAL, "Nothing to attribute by, so no send is made.")
    if now and event.is_test and not platform.takes_tests(config):
        return unsent(Reason.TEST_MODE)
    if now and now - event.occurred_at > platform.max_age:
        return unsent(Reason.EVENT_TOO_OLD)
    try:
        payload = platform.render(permitted(event, conversion, questions=platform.consents), config)
    except ConsentDenied as denied:
        return unsent(Reason.CONSENT_DENIED, denied.sentence)
    except CannotExpress as cannot:
        return unsent(cannot.reason)
    request = platform.request(config, "", [payload], test=event.is_test)
    return Preview(pixel=pixel, quality=quality, payload=payload, url=request.logged_url, body=_readable(request.body))


def _readable(body: bytes) -> str:
    """A request's body as people read it: JSON indented, anything else as it is."""
    try:
        return exact_json.dumps(exact_json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace")
