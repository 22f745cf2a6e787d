"""Explains one send to ops: where it is, why, and when it is tried again."""

from datetime import datetime

from dispatch import reasons
from dispatch.choices import Counted, Outcome, Reason, SendStatus
from dispatch.models import Receipt, Send
from dispatch.platforms.registry import PLATFORMS

OUTCOMES = {
    Outcome.STARTED: "The worker was lost before it could note the answer; the platform may have the event.",
    Outcome.ACCEPTED: "The platform took the event.",
    Outcome.RETRY: "The platform could not take the event now. Nothing to do: it is tried again by itself.",
    Outcome.AUTH: "The platform refused our credential. Enter a new one at the pixel: its sends wait.",
    Outcome.REJECTED: "The platform refused the event for good. Read its answer, correct the cause, then retry.",
    Outcome.AMBIGUOUS: "Unknown whether it was accepted. It is sent again with the same id and counted once.",
    Outcome.UNTOUCHED: "Another event of the same request was refused; this one goes out again at once.",
}
OUR_CODES = {
    "network": "No answer came. Nothing to do: it is tried again by itself.",
    "incomplete": "The answer was cut or came too late. It is tried again under the same id, counted once.",
    "credential": "The token could not be exchanged. Nothing to do: it is tried again by itself.",
    "render": "Our own code failed on this event. Report it to the developers of AdTarget with the send's id.",
}
COUNTED = {
    Counted.WAITING: "Accepted. Whether it was counted is not known yet; it is asked for by itself.",
    Counted.COUNTED: "Accepted and counted.",
    Counted.UNKNOWN: "Accepted. What became of it was never told.",
}


def explain(outcome: str, code: str, *, platform: str) -> str:
    """What an answer means and what to do."""
    if outcome == Outcome.ACCEPTED and not code.strip("0"):
        return OUTCOMES[Outcome.ACCEPTED]
    return meaning(platform, code) or OUR_CODES.get(code) or OUTCOMES[Outcome(outcome)]


def meaning(platform: str, code: str) -> str:
    """What a platform's code means and what to do; '' for an unknown code or platform."""
    return PLATFORMS[platform].meaning(code)


def _later_meaning(platform: str, reason: str) -> str:
    later = PLATFORMS[platform].later
    return later.meaning(reason) if later else f"Reason: {reason}."


def explain_receipt(receipt: Receipt) -> str:
    """Whether what was accepted was counted too, as far as it is known."""
    if known := COUNTED.get(Counted(receipt.counted)):
        return known
    which = "Accepted, but not counted."
    if receipt.counted == Counted.PARTLY:
        which = f"Of the {receipt.events} events in the request {sum(receipt.reasons.values())} were not counted."
    return " ".join([which, *(_later_meaning(receipt.pixel.platform, reason) for reason in receipt.reasons)])


def explain_send(send: Send, *, now: datetime) -> str:
    """Where the send is and what to do; reads its pixel."""
    match send.status:
        case SendStatus.SENT:
            return f"{send.platform_name} has it."
        case SendStatus.PENDING:
            return _explain_waiting(send, now=now)
    if send.reason == Reason.REJECTED and (known := meaning(send.platform, send.error_code)):
        return known
    words = reasons.words_of(send.reason)
    why = send.error_message if send.reason == Reason.CONSENT_DENIED else words.meaning
    return f"{why} {words.advice}"


def _explain_waiting(send: Send, *, now: datetime) -> str:
    pixel = send.pixel
    if send.claim is not None:
        return "A worker has it right now."
    if not pixel.is_active:
        return "Its pixel is switched off; it is about to be skipped."
    if pixel.paused_at is not None:
        return f"Its pixel is paused: {pixel.pause_message or pixel.pause_code} Resume the pixel and it goes out."
    if pixel.breaker_until is not None and pixel.breaker_until > now:
        return "The platform does not answer; it is left alone for a moment and tried again by itself."
    if send.due_at is not None and send.due_at > now:
        return "The last try failed; it waits for the next one."
    return "It is due and goes out with the next free worker."
