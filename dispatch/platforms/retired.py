"""Stands in for a platform that this release does not know, such as after a downgrade: nothing is sent to it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch.choices import Outcome, Reason
from dispatch.platforms.base import ANY_PIXEL_ID, Platform
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words


class Retired(Platform):
    icon = Icon(letter="?", colour="#5f6368")
    words = Words(pixel_id="Pixel id", where_pixel_id="", credential="Access token", where_credential="")
    api_url = ""
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {}
    accepted_signals = ""
    click_ids = ()
    event_names = {}
    max_age = timedelta(0)
    batch_limit = 1
    currencies = None
    requests_per_minute = None
    match_weights = {}
    reasons = {}
    meanings = {}
    options = ()
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def __init__(self, slug: str) -> None:
        self.slug = self.name = slug  # type: ignore[misc]  # of this one object

    def has_signal(self, event: OutgoingEvent) -> bool:
        return False

    def takes_tests(self, pixel: PixelConfig) -> bool:
        return True

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        raise CannotExpress(Reason.PIXEL_REMOVED)

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        raise CannotExpress(Reason.PIXEL_REMOVED)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return [Verdict(outcome=Outcome.AMBIGUOUS)] * count
