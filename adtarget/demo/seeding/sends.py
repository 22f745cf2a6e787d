"""Sends that have ended, and their attempts."""

from datetime import timedelta

from adtarget.core.ids import id_of_moment
from adtarget.demo.seeding.rows import RowMaker
from conversions.models import Conversion
from dispatch.choices import Outcome, Reason, SendStatus
from dispatch.events import outgoing_event
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms.registry import PLATFORMS

GIVEN_UP = (Reason.EXPIRED, Reason.EXHAUSTED)


#: HTTP status and the platform's own code.
ANSWERS = {Outcome.ACCEPTED: (200, ""), Outcome.REJECTED: (400, "100")}


def make_send(make: RowMaker, conversion: Conversion, pixel: Pixel) -> None:
    """The send of a conversion to a pixel, with its attempts."""
    at = conversion.attributed_at
    reason = _why_not(make, conversion, pixel)
    is_skipped = reason in (Reason.TEST_MODE, Reason.MISSING_IDENTIFIER)
    tries = 0 if is_skipped else 12 if reason in GIVEN_UP else make.draw.choice((1,) * 9 + (2,))
    send = Send(
        id=id_of_moment("snd", at),
        conversion=conversion,
        pixel=pixel,
        platform=pixel.platform,
        status=SendStatus.SKIPPED if is_skipped else SendStatus.FAILED if reason else SendStatus.SENT,
        reason=reason,
        attempts=tries,
        failures=max(tries - 1, 0),
        sent_at=None if reason else min(at + timedelta(seconds=tries), make.now),
        error_code="100" if reason == Reason.REJECTED else "2" if reason in GIVEN_UP else "",
        error_message="Invalid parameter" if reason == Reason.REJECTED else "",
        created_at=at,
    )
    make.rows.sends.append(send)
    last = {"": Outcome.ACCEPTED, Reason.REJECTED: Outcome.REJECTED}.get(reason, Outcome.RETRY)
    for number in range(1, tries + 1):
        _attempt(make, send, number, last if number == tries else Outcome.RETRY)


def _attempt(make: RowMaker, send: Send, number: int, outcome: Outcome) -> None:
    status, code = ANSWERS.get(outcome, (500, "2"))
    make.rows.attempts.append(
        Attempt(
            send=send,
            number=number,
            started_at=min(send.created_at + timedelta(seconds=number), make.now),
            duration_ms=make.draw.randrange(60, 900),
            outcome=outcome,
            http_status=status,
            code=code,
            batch_size=make.draw.randrange(1, 50),
            request={"event_name": send.conversion.event_name, "event_id": send.conversion.event_id},
        )
    )


def _why_not(make: RowMaker, conversion: Conversion, pixel: Pixel) -> str:
    if conversion.is_test:
        return Reason.TEST_MODE
    if not PLATFORMS[pixel.platform].has_signal(outgoing_event(conversion)):
        return Reason.MISSING_IDENTIFIER
    if make.draw.random() < 0.96:
        return ""
    return make.draw.choices((Reason.REJECTED, Reason.EXPIRED, Reason.EXHAUSTED), (6, 2, 1))[0]
