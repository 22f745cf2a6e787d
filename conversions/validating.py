"""What the API would make of an event, without recording it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from conversions.facts import EventFacts
from conversions.recording import Recorded, record_conversion
from dispatch import scheduling
from dispatch.previews import Preview, previews
from leads.models import ApiKey, Channel


@dataclass(frozen=True, slots=True)
class Validated:
    """What would become of the event. `would_send` holds the ids of the pixels that would get it."""

    recorded: Recorded
    platforms: Sequence[Preview]
    would_send: frozenset[str]


def validate_event(
    *, key: ApiKey, channel: Channel, telegram_user_id: int, facts: EventFacts, now: datetime
) -> Validated:
    """Records the event, looks at what came of it, and rolls everything back. Raises what the real call raises."""
    with transaction.atomic():
        recorded = record_conversion(key=key, channel=channel, telegram_user_id=telegram_user_id, facts=facts, now=now)
        pixels = scheduling.active_pixels(channel.site)
        for pixel in pixels:
            pixel.site = channel.site
        found = previews(recorded.conversion, pixels, now=now)
        scheduled = {send.pixel_id for send in recorded.sends}
        transaction.set_rollback(True)
    would_send = frozenset(one.pixel.pk for one in found if one.pixel.pk in scheduled and not one.problem)
    return Validated(recorded=recorded, platforms=found, would_send=would_send)
