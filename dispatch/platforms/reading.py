"""What an answer means for one event, and the rules for answers that platforms share; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an answer means for one event of the request.

    `code` and `message` are the platform's own words. `wait` is how long the
    platform asked us to wait. `whole_batch` marks a refusal of the request as
    a whole, whose guilty event is not known: the batch is split. Where it is
    known, its neighbours are UNTOUCHED: due again at once, no retry spent.
    `is_duplicate`: the platform says that it has the event already, which on a
    repeated attempt means that the first one was accepted.
    """

    outcome: Outcome
    code: str = ""
    message: str = ""
    trace_id: str = ""
    wait: timedelta | None = None
    whole_batch: bool = False
    is_duplicate: bool = False


def http_failure(answer: HttpAnswer) -> Verdict | None:
    """The verdict where no platform code can be trusted, because nothing or only half came back; else None.

    Only a connection that never carried the request is surely unprocessed.
    """
    if answer.status == 0:
        outcome = Outcome.AMBIGUOUS if answer.reached else Outcome.RETRY
        return Verdict(outcome=outcome, code="network", message=answer.error)
    if not answer.complete:
        return Verdict(outcome=Outcome.AMBIGUOUS, code="incomplete", message=answer.error, wait=answer.retry_after)
    return None


def unrecognised(answer: HttpAnswer, count: int) -> list[Verdict]:
    """The verdicts for an answer of unknown form, by HTTP status alone."""
    code = f"http_{answer.status}"
    if answer.status in (408, 409, 425, 429):
        return [Verdict(outcome=Outcome.RETRY, code=code, wait=answer.retry_after)] * count
    if 400 <= answer.status < 500:
        return refused(Verdict(outcome=Outcome.REJECTED, code=code), count)
    message = "The answer has an unknown form."
    return [Verdict(outcome=Outcome.AMBIGUOUS, code=code, message=message, wait=answer.retry_after)] * count


def not_their_words(answer: HttpAnswer, count: int) -> list[Verdict]:
    """The same where a platform always speaks JSON: a 4xx without it came from something in between: not final."""
    if 400 <= answer.status < 500:
        return [Verdict(outcome=Outcome.RETRY, code=f"http_{answer.status}", wait=answer.retry_after)] * count
    return unrecognised(answer, count)


def refused(verdict: Verdict, count: int, guilty: Iterable[int] = ()) -> list[Verdict]:
    """A request refused for good, laid on the events the platform names.

    Their neighbours are untouched. Where it names none, and more than one was
    sent, the whole batch is to be split.
    """
    named = {index for index in guilty if 0 <= index < count}
    if not named:
        return [replace(verdict, whole_batch=count > 1)] * count
    neighbour = replace(verdict, outcome=Outcome.UNTOUCHED)
    return [verdict if index in named else neighbour for index in range(count)]


def longest(*waits: timedelta | None) -> timedelta | None:
    """The longest of the waits that somebody asked for."""
    return max((wait for wait in waits if wait is not None), default=None)
