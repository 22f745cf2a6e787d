"""One test event to a pixel, at once, so that people see the platform's own answer."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.credentials import CredentialRefused, CredentialUnavailable, token_of
from dispatch.delivery import Post, readable
from dispatch.models import Pixel
from dispatch.platforms.base import Platform
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.reading import Verdict
from dispatch.platforms.registry import PLATFORMS

#: What a pixel that takes no tests gets: no campaign counts an event of this name.
LIVE_TEST_NAME = "AdTargetTest"
ORDER = (EventType.LEAD, EventType.SUBSCRIBE, EventType.COMPLETE_REGISTRATION, EventType.PURCHASE)


class CannotTest(Exception):
    """Nothing was sent; the message says what is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What went out and what came back, fit to be shown: no secrets in either."""

    is_test: bool
    payload: Payload
    http_status: int
    response: str
    verdict: Verdict

    @property
    def worked(self) -> bool:
        return self.verdict.outcome == Outcome.ACCEPTED


def send_test_event(pixel: Pixel, *, post: Post, now: datetime) -> Probe:
    """One POST, one answer; no rows are written, nothing is paused. Raises CannotTest."""
    platform, config = PLATFORMS[pixel.platform], pixel.config()
    is_test = platform.takes_tests(config)
    payload = _payload(platform, config, pixel, is_test=is_test, now=now)
    try:
        token = token_of(pixel)
    except (CredentialRefused, CredentialUnavailable) as error:
        raise CannotTest(str(error)) from error
    answer = post(platform.request(config, token.text, [payload], test=is_test))
    return Probe(
        is_test=is_test,
        payload=payload,
        http_status=answer.status,
        response=readable(answer.body) or answer.error,
        verdict=platform.read(answer, 1)[0],
    )


def _payload(platform: Platform, config: PixelConfig, pixel: Pixel, *, is_test: bool, now: datetime) -> Payload:
    """The first event that can be said to this pixel as it is set up."""
    problem = Reason.NO_EVENT_NAME
    for event in _candidates(pixel, is_test=is_test, now=now):
        try:
            return platform.render(event, config)
        except CannotExpress as cannot:
            problem = Reason(cannot.reason)
    raise CannotTest(f"No test event can be made for this pixel: {problem.label}.")


def _candidates(pixel: Pixel, *, is_test: bool, now: datetime) -> Iterator[OutgoingEvent]:
    named = [(EventType.CUSTOM, LIVE_TEST_NAME)]
    for event_type, custom_name in [(kind, "") for kind in ORDER] if is_test else named:
        is_purchase = event_type == EventType.PURCHASE
        yield OutgoingEvent(
            event_id=f"test_{secrets.token_hex(8)}",
            event_type=event_type,
            custom_name=custom_name,
            occurred_at=now,
            event_source_url=f"https://{pixel.site.domain}/",
            value=Decimal(1) if is_purchase else None,
            currency="USD" if is_purchase else "",
            client_ip="203.0.113.7",  # an address of nobody, kept for examples (RFC 5737)
            user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            gclid="AdTargetTest",
            is_test=is_test,
        )
