"""Why a send is not sent, and what to do about it, in sentences for people."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send

WHAT_TO_DO = {
    Reason.REJECTED: "Its answer stands with the attempt. Mend the cause, then retry.",
    Reason.EXPIRED: "The platform takes no events of this age any more. Nothing is left to do.",
    Reason.EXHAUSTED: "Every retry of two days failed. Retry once the platform works again.",
    Reason.POISON: "This event broke our workers. Tell whoever runs AdTarget; retry after an update.",
    Reason.CANCELLED: "Somebody stopped it. Retry to send it after all.",
    Reason.EVENT_TOO_OLD: "It reached us too late. Send events sooner after they happen, or enter values sooner.",
    Reason.MISSING_USER_AGENT: "Forward the visitor's user agent (X-Adtarget-Client-User-Agent or userAgent).",
    Reason.MISSING_IDENTIFIER: "Send an e-mail, a phone number, an external id or the click id with the event.",
    Reason.MISSING_GCLID: "Pass on gclid from the ad's link, or send an e-mail or phone number.",
    Reason.MISSING_VALUE: "Send value and currency with the event.",
    Reason.CURRENCY_UNSUPPORTED: "Send the value in a currency the platform knows, such as USD or EUR.",
    Reason.NO_EVENT_NAME: "Give this event type a name in the pixel's options, then retry.",
    Reason.NO_CONVERSION_ACTION: "Set up a conversion action for this event type in the pixel's options, then retry.",
    Reason.TEST_MODE: "It came with a test key. Only a pixel kept for tests gets such events.",
    Reason.PIXEL_REMOVED: "The pixel is switched off. Switch it on to send, then retry.",
    Reason.ERASED: "The person asked to be forgotten. Nothing may be sent.",
}


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
    reason = Reason(send.reason)
    return Advice(_with_code(reason.label, send.error_code, send.error_message), WHAT_TO_DO[reason])


def _of_pending(send: Send, pixel: Pixel, now: datetime) -> Advice:
    if not pixel.is_active:
        return Advice("Its pixel is switched off.", WHAT_TO_DO[Reason.PIXEL_REMOVED])
    if pixel.paused_at:
        why = _with_code("Its pixel is paused", pixel.pause_code, pixel.pause_message)
        return Advice(why, "Mend the pixel's access at the platform and resume it; waiting events then go out.")
    if pixel.breaker_until and pixel.breaker_until > now:
        return Advice("The platform does not answer; we ask again within minutes.")
    if send.claim:
        return Advice("A worker has it in hand right now.")
    if send.attempts and send.due_at and send.due_at > now:
        why = _with_code(f"Attempt {send.attempts} did not succeed", send.error_code, send.error_message)
        return Advice(why, "Nothing: it is tried again by itself. Retry to try at once.")
    return Advice("It is next in line.")


def _with_code(sentence: str, code: str, message: str) -> str:
    evidence = ": ".join(part for part in (code, message) if part)
    return f"{sentence} ({evidence})" if evidence else sentence
