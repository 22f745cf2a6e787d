"""One test event to a pixel, at once, so that people see the platform's own answer. Nothing of it is kept."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from conversions.choices import EventType
from conversions.hashing import sha256
from conversions.identifiers import is_of_a_person
from dispatch import explaining
from dispatch.attempting import readable
from dispatch.choices import Outcome, Reason
from dispatch.credentials import CredentialRefused, CredentialUnavailable, token_of
from dispatch.delivery import Post
from dispatch.models import Pixel
from dispatch.platforms.base import Platform
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.reading import Verdict
from dispatch.platforms.registry import PLATFORMS
from dispatch.reasons import words_of

#: The custom event a pixel gets that takes no tests: no campaign is optimised for an event of this name.
HARMLESS_NAME = "AdTargetTest"
ORDER = (EventType.LEAD, EventType.SUBSCRIBE, EventType.COMPLETE_REGISTRATION, EventType.PURCHASE)
EXAMPLE_ADDRESS = "203.0.113.7"  # reserved for examples by RFC 5737
EXAMPLE_USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Variant(StrEnum):
    """What goes out: a test that counts nowhere, a live custom event without effect, or a live standard event."""

    TEST = "test"
    HARMLESS = "harmless"
    REAL = "real"


class CannotTest(Exception):
    """Nothing was sent; the message says what is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestEvent:
    """What went out and what came back, fit to be shown: no secrets in either."""

    __test__ = False  # for pytest

    kind: Variant
    url: str
    payload: Payload
    http_status: int
    response: str
    verdict: Verdict
    meaning: str

    @property
    def worked(self) -> bool:
        return self.verdict.outcome == Outcome.ACCEPTED


def kind_for(pixel: Pixel, *, real: bool = False) -> Variant:
    """What a test event to this pixel is; `real` only where somebody asked for an event that counts."""
    if PLATFORMS[pixel.platform].takes_tests(pixel.config()):
        return Variant.TEST
    return Variant.REAL if real else Variant.HARMLESS


def send_test_event(
    pixel: Pixel, *, post: Post, now: datetime, client_ip: str = "", user_agent: str = "", real: bool = False
) -> TestEvent:
    """One POST, one answer; no rows are written, nothing is paused. Raises CannotTest.

    `client_ip` and `user_agent` are the viewer's; examples stand in where they are no visitor's.
    """
    platform, config, kind = PLATFORMS[pixel.platform], pixel.config(), kind_for(pixel, real=real)
    visitor = (client_ip if is_of_a_person(client_ip) else EXAMPLE_ADDRESS, user_agent or EXAMPLE_USER_AGENT)
    payload = _payload(platform, config, _candidates(pixel, kind, visitor, now=now))
    try:
        token = token_of(pixel)
    except (CredentialRefused, CredentialUnavailable) as error:
        raise CannotTest(str(error)) from error
    request = platform.request(config, token.text, [payload], test=kind == Variant.TEST)
    answer = post(request)
    verdict = platform.read(answer, 1, config)[0]
    return TestEvent(
        kind=kind,
        url=request.logged_url,
        payload=payload,
        http_status=answer.status,
        response=readable(answer.body) or answer.error,
        verdict=verdict,
        meaning=explaining.explain(verdict.outcome, verdict.code, platform=pixel.platform),
    )


def _payload(platform: Platform, config: PixelConfig, candidates: Iterator[OutgoingEvent]) -> Payload:
    """The first event that can be expressed for this pixel as it is set up."""
    problem: str = Reason.NO_EVENT_NAME
    for event in candidates:
        try:
            return platform.render(platform.example(event, config), config)
        except CannotExpress as cannot:
            problem = cannot.reason
    raise CannotTest(f"No test event can be made for this pixel: {words_of(problem).label}.")


def _candidates(pixel: Pixel, kind: Variant, visitor: tuple[str, str], *, now: datetime) -> Iterator[OutgoingEvent]:
    client_ip, user_agent = visitor
    for event_type in [EventType.CUSTOM] if kind == Variant.HARMLESS else ORDER:
        is_purchase = event_type == EventType.PURCHASE
        yield OutgoingEvent(
            event_id=f"test_{secrets.token_hex(8)}",
            event_type=event_type,
            custom_name=HARMLESS_NAME if event_type == EventType.CUSTOM else "",
            occurred_at=now,
            event_source_url=f"https://{pixel.site.domain}/",
            value=Decimal(1) if is_purchase else None,
            currency="EUR" if is_purchase else "",
            email=sha256("test@example.com"),
            email_google=sha256("test@example.com"),
            client_ip=client_ip,
            user_agent=user_agent,
            is_test=kind == Variant.TEST,
        )
