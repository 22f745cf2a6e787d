"""Warnings for events that were kept but have no send: what is missing and what to do."""

from collections.abc import Sequence

from conversions.models import Conversion
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS

ALREADY_SENT = (
    "A matching event was sent before, so nothing was sent again. "
    "If this is another purchase, give each its own orderId."
)
NO_PIXEL = "No active pixel is configured for this site, so nothing was sent. Add one under Pixels in the admin."
AWAITS_VALUE = "This conversion awaits its value; submit it, or repeat the event with value and currency."
TEST_ONLY = "This is a test key and no pixel of the site takes tests, so nothing was sent."


def nothing_scheduled(conversion: Conversion, pixels: Sequence[Pixel], *, has_sends: bool | None = None) -> str:
    """Why no send of `conversion` is on its way, and what would change that. None: whether it has any is looked up."""
    if not pixels:
        return NO_PIXEL
    if conversion.awaiting_manual_input:
        return AWAITS_VALUE
    platforms = [PLATFORMS[slug] for slug in dict.fromkeys(pixel.platform for pixel in pixels) if slug in PLATFORMS]
    if conversion.is_test and (conversion.sends.exists() if has_sends is None else has_sends):
        ways = [f"{each.name} takes them if {each.words.takes_tests}." for each in platforms if each.words.takes_tests]
        return " ".join([TEST_ONLY, *ways])
    wanted = "; ".join(f"{platform.name}: {platform.accepted_signals}" for platform in platforms)
    return f"No attribution signal, so nothing was sent. Send any of: {wanted}."
