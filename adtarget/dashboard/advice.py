"""The dashboard's sentences about one send, built on the table in dispatch/reasons.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch import explaining
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from dispatch.reasons import words_of


@dataclass(frozen=True, slots=True)
class Advice:
    """`why` it is where it is, `what` to do; '' where nothing is to be done."""

    why: str
    what: str = ""


def advise(send: Send, *, now: datetime) -> Advice:
    """Reads `send.pixel` beside the row."""
    if send.status == SendStatus.SENT:
        return Advice(f"{send.platform_name} accepted it.")
    if send.status == SendStatus.PENDING:
        return _of_pending(send, send.pixel, now)
    words = words_of(send.reason)
    return Advice(_with_code(words.label, send.error_code, send.error_message), words.advice)


def _of_pending(send: Send, pixel: Pixel, now: datetime) -> Advice:
    if not pixel.is_active:
        return Advice("Its pixel is switched off.", words_of(Reason.PIXEL_REMOVED).advice)
    if pixel.paused_at:
        why = _with_code("Its pixel is paused", pixel.pause_code, pixel.pause_message)
        return Advice(why, f"{how_to_resume(pixel)} What waits goes out once the pixel is resumed.")
    if pixel.breaker_until and pixel.breaker_until > now:
        return Advice("The platform does not answer; we ask again within minutes.")
    if send.claim:
        return Advice("A worker has it in hand right now.")
    if send.attempts and send.due_at and send.due_at > now:
        why = _with_code(f"Attempt {send.attempts} did not succeed", send.error_code, send.error_message)
        return Advice(why, "Nothing: it is tried again by itself. Retry to try at once.")
    return Advice("It is next in line.")


def how_to_resume(pixel: Pixel) -> str:
    """What to correct at a paused pixel, by the code it was refused with."""
    return explaining.meaning(pixel.platform, pixel.pause_code) or "Correct the pixel's access at the platform."


def _with_code(sentence: str, code: str, message: str) -> str:
    evidence = ": ".join(part for part in (code, message) if part)
    return f"{sentence} ({evidence})" if evidence else sentence
