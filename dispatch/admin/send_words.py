"""What is said before and after sends are retried, replayed or cancelled."""

from collections.abc import Iterator
from dataclasses import dataclass

from adtarget.admin.display import listed
from dispatch.replaying import Order, Outcomes


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What ops read before, on the button of and after an order."""

    question: str
    intro: str
    button: str
    done: str


WORDINGS = {
    Order.RETRY: Wording(
        question="Retry now?",
        intro="Failed, skipped and waiting sends are tried again at once, under the same event id.",
        button="Retry now",
        done="{} will be tried again.",
    ),
    Order.REPLAY: Wording(
        question="Replay?",
        intro="Failed and skipped sends go out again after everything else that is due, under the same event id.",
        button="Replay",
        done="{} will be sent again.",
    ),
    Order.CANCEL: Wording(
        question="Cancel?",
        intro="Waiting sends end as skipped. A replay brings them back.",
        button="Cancel the sends",
        done="{} cancelled.",
    ),
}


def report(outcomes: Outcomes, *, done: str) -> Iterator[str]:
    """Line by line: how many, then who is left alone and why."""
    yield done.format(f"{outcomes.done:,}")
    for refusal, ids in outcomes.refused.items():
        yield f"{len(ids):,} left alone. {refusal} ({listed(ids)})"
