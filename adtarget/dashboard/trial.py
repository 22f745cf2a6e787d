"""A test event to one pixel, at once, with the platform's own answer. It counts nowhere and is kept nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.core.ids import new_id
from adtarget.core.logs import redact
from conversions.choices import EventType
from conversions.hashing import sha256
from conversions.identifiers import is_of_a_person
from dispatch.choices import Outcome
from dispatch.credentials import CredentialRefused, CredentialUnavailable, token_of
from dispatch.models import Pixel
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload
from dispatch.platforms.registry import PLATFORMS

SOMEBODY = "8.8.8.8"  # where the viewer has no public address, such as beside the server
SHOWN_ANSWER = 2000  # characters

Post = Callable[[PreparedRequest], HttpAnswer]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; `answer` is the platform's own, redacted."""

    was_accepted: bool
    summary: str
    answer: str = ""


def try_pixel(
    pixel: Pixel, *, client_ip: str, user_agent: str, now: datetime, post: Post, may_count: bool = False
) -> Trial:
    """Sends one event of the first type that the pixel can express, as a test where it takes tests."""
    platform, config = PLATFORMS[pixel.platform], pixel.config()
    if not platform.takes_tests(config) and not may_count:
        return Trial(False, "This pixel takes no test events: a test would count like a real one.")
    try:
        payload = _first_payload(pixel, client_ip=client_ip, user_agent=user_agent, now=now)
        token = token_of(pixel)
    except CannotExpress as cannot:
        return Trial(False, f"{cannot.reason.label}.")
    except (CredentialRefused, CredentialUnavailable) as problem:
        return Trial(False, redact(str(problem)))
    answer = post(platform.request(config, token.text, [payload], test=True))
    (verdict,) = platform.read(answer, 1)
    outcome = Outcome(verdict.outcome)
    evidence = ": ".join(part for part in (verdict.code, redact(verdict.message)) if part)
    return Trial(
        outcome == Outcome.ACCEPTED,
        f"{outcome.label} ({evidence})" if evidence else outcome.label,
        redact(answer.body.decode(errors="replace"))[:SHOWN_ANSWER],
    )


def _first_payload(pixel: Pixel, *, client_ip: str, user_agent: str, now: datetime) -> Payload:
    problem: CannotExpress | None = None
    for event_type in EventType:
        event = OutgoingEvent(
            event_id=new_id("tst"),
            event_type=event_type,
            custom_name="Test" if event_type == EventType.CUSTOM else "",
            occurred_at=now,
            event_source_url=f"https://{pixel.site.domain}/",
            value=Decimal(1) if event_type == EventType.PURCHASE else None,
            currency="EUR" if event_type == EventType.PURCHASE else "",
            email=sha256("test@example.com"),
            email_google=sha256("test@example.com"),
            client_ip=client_ip if is_of_a_person(client_ip) else SOMEBODY,
            user_agent=user_agent or "Mozilla/5.0",
            is_test=True,
        )
        try:
            return PLATFORMS[pixel.platform].render(event, pixel.config())
        except CannotExpress as cannot:
            problem = cannot
    assert problem is not None  # noqa: S101 (there are event types)
    raise problem
