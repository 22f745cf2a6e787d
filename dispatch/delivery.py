"""Delivers one pixel's due sends: claim, render, post, read, conclude, split.

HTTP happens outside any transaction. If the process dies, another worker takes
the rows when the lease ends.
"""

import random
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.core.logs import redact
from dispatch import accepting, attempting, breaker, claiming, pausing, retry
from dispatch.choices import Outcome, Priority, Reason, SendStatus
from dispatch.consent import ConsentDenied, permitted
from dispatch.credentials import CredentialRefused, CredentialUnavailable, Token, forget, token_of
from dispatch.events import outgoing_event
from dispatch.models import Pixel, Send
from dispatch.persistence import persistent
from dispatch.platforms.base import Platform
from dispatch.platforms.facts import CannotExpress, Payload
from dispatch.platforms.reading import Verdict

log = structlog.get_logger(__name__)

Post = Callable[[PreparedRequest], HttpAnswer]
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Parcel:
    """A claimed send with its payload."""

    send: Send
    payload: Payload
    notes: list[str]  # what was left out of it, and why


class Delivery:
    """One claimed batch on its way to one pixel."""

    def __init__(
        self, pixel: Pixel, platform: Platform, breakers: breaker.Breakers, *, post: Post, clock: Clock
    ) -> None:
        self.pixel, self.platform, self.breakers = pixel, platform, breakers
        self.post, self.clock = post, clock
        self.config = pixel.config()
        self.more = True

    def deliver(self, batch: Sequence[Send]) -> bool:
        """Every send of the batch is concluded, or due again, when this returns: whether more may be due."""
        groups = deque([self._render(batch)])
        while groups:
            group = groups.popleft()
            if group:
                groups.extend(self._attempt(group))
        return self.more

    def _render(self, batch: Sequence[Send]) -> list[Parcel]:
        """The payloads of the sends; those without one end here, with a reason."""
        parcels = []
        for send in batch:
            if self.clock() >= self._deadline(send):
                reason = Reason.EXPIRED if send.attempts else Reason.EVENT_TOO_OLD
                claiming.end(
                    [send], SendStatus.FAILED if send.attempts else SendStatus.SKIPPED, reason, now=self.clock()
                )
                continue
            try:
                event = permitted(outgoing_event(send.conversion), send.conversion, questions=self.platform.consents)
                fitted, notes = self.platform.fit(event)
                payload = self.platform.express(fitted, self.config)
            except ConsentDenied as denied:
                claiming.end(
                    [send],
                    SendStatus.SKIPPED,
                    Reason.CONSENT_DENIED,
                    now=self.clock(),
                    error_code=Reason.CONSENT_DENIED,
                    error_message=denied.sentence[:500],
                )
            except CannotExpress as cannot:
                claiming.end([send], SendStatus.SKIPPED, cannot.reason, now=self.clock())
            except Exception as error:  # one event that breaks our code must not stop its neighbours
                log.exception("an event could not be rendered", send_id=send.pk)
                message = f"Could not be rendered: {type(error).__name__}"
                claiming.end(
                    [send],
                    SendStatus.FAILED,
                    Reason.POISON,
                    now=self.clock(),
                    error_code="render",
                    error_message=message,
                )
            else:
                parcels.append(Parcel(send, payload, notes))
        return parcels

    def _attempt(self, group: list[Parcel]) -> list[list[Parcel]]:
        """Requests for the group; the groups that are left to try, since a request was refused as a whole."""
        try:
            token = token_of(self.pixel)
        except CredentialRefused as refused:
            self._pause([parcel.send for parcel in group], code="credential", message=str(refused))
            return []
        except CredentialUnavailable as unavailable:
            self._retry_later(group, str(unavailable))
            return []
        started = self.clock()
        attempts = claiming.begin_attempt(
            [parcel.send for parcel in group],
            [parcel.payload for parcel in group],
            [parcel.notes for parcel in group],
            now=started,
            share_a_request=self.platform.batch_limit > 1,
        )
        if not attempts:
            log.warning("lease lost before sending", pixel=self.pixel.pk, sends=len(group))
            return []
        return self._exchange(group, attempts, token, started=started)

    def _exchange(
        self, group: list[Parcel], attempts: list[int], token: Token, *, started: datetime
    ) -> list[list[Parcel]]:
        """The requests and what they lead to."""
        answer = self._ask(group, token)
        verdicts = self._judge(answer, [parcel.send for parcel in group], token)
        return self._conclude(group, attempts, verdicts, answer, started=started)

    def _ask(self, group: Sequence[Parcel], token: Token) -> HttpAnswer:
        payloads, is_test = [parcel.payload for parcel in group], group[0].send.conversion.is_test
        return self.post(self.platform.request(self.config, token.text, payloads, test=is_test))

    def _judge(self, answer: HttpAnswer, sends: Sequence[Send], token: Token) -> Sequence[Verdict]:
        verdicts = self._read(answer, sends)
        if not token.is_fresh and all(verdict.outcome == Outcome.AUTH for verdict in verdicts):
            # An exchanged token may end before its time: one more try with a new one decides.
            forget(self.pixel)
            return [replace(verdict, outcome=Outcome.UNTOUCHED) for verdict in verdicts]
        return verdicts

    def _read(self, answer: HttpAnswer, sends: Sequence[Send]) -> Sequence[Verdict]:
        """The platform's verdicts; what it calls a duplicate of an earlier attempt was accepted then."""
        return [
            replace(verdict, outcome=Outcome.ACCEPTED) if verdict.is_duplicate and send.attempts > 1 else verdict
            for verdict, send in zip(self.platform.read(answer, len(sends), self.config), sends, strict=True)
        ]

    def _conclude(
        self,
        group: list[Parcel],
        attempts: list[int],
        verdicts: Sequence[Verdict],
        answer: HttpAnswer,
        *,
        started: datetime,
    ) -> list[list[Parcel]]:
        now = self.clock()
        alike: dict[Verdict, list[int]] = defaultdict(list)
        for index, verdict in enumerate(verdicts):
            alike[verdict].append(index)
        self._write_down(group, attempts, alike, answer, started=started, now=now)
        self._note_health(verdicts, now=now)
        again = [parcel for parcel, verdict in zip(group, verdicts, strict=True) if _decides_nothing(verdict, group)]
        is_whole = len(again) == len(group) and any(verdict.whole_batch for verdict in verdicts)
        return self._split(again) if is_whole else [again]

    @persistent
    def _write_down(
        self,
        group: list[Parcel],
        attempts: list[int],
        alike: dict[Verdict, list[int]],
        answer: HttpAnswer,
        *,
        started: datetime,
        now: datetime,
    ) -> None:
        """Sends before their attempts, the order in which erasing a person takes them too."""
        self.more = True
        sends = [parcel.send for parcel in group]
        if self.platform.later is None and [verdict.outcome for verdict in alike] == [Outcome.ACCEPTED]:
            facts = attempting.facts(next(iter(alike)), answer, started=started, now=now)
            more = accepting.accept(self.pixel, sends, attempts, facts, now=now)
            if more is not None:
                self.more = more
                return
        with transaction.atomic():
            for verdict, indexes in alike.items():
                if not _decides_nothing(verdict, group):
                    self._settle([sends[index] for index in indexes], verdict, now=now)
            for verdict, indexes in alike.items():
                of_these, kept = [sends[index] for index in indexes], [attempts[index] for index in indexes]
                attempting.conclude(
                    self.pixel, self.platform, of_these, kept, verdict, answer, started=started, now=now
                )

    def _settle(self, sends: list[Send], verdict: Verdict, *, now: datetime) -> None:
        last_error = {
            "error_code": verdict.code[:64],
            "error_message": redact(verdict.message)[:500],
            "error_trace_id": verdict.trace_id[:128],
        }
        match verdict.outcome:
            case Outcome.ACCEPTED:
                cleared = dict.fromkeys(last_error, "")
                claiming.end(sends, SendStatus.SENT, now=now, sent_at=now, **cleared)
            case Outcome.REJECTED:
                claiming.end(sends, SendStatus.FAILED, Reason.REJECTED, now=now, **last_error)
            case Outcome.AUTH:
                self._pause(sends, code=verdict.code, message=redact(verdict.message), **last_error)
            case _:
                self._reschedule(sends, verdict, now=now, **last_error)

    def _reschedule(self, sends: list[Send], verdict: Verdict, *, now: datetime, **last_error: str) -> None:
        """The next try of each, or its end; those alike in one statement."""
        jitter = random.uniform(retry.LEAST_JITTER, 1.0)
        groups: dict[tuple[Any, ...], list[Send]] = defaultdict(list)
        for send in sends:
            uncertain = send.uncertain_since or (now if verdict.outcome == Outcome.AMBIGUOUS else None)
            send.uncertain_since = uncertain
            at = retry.next_attempt(
                failures=send.failures + 1,
                now=now,
                deadline=self._deadline(send),
                waits=settings.DISPATCH_RETRY_SCHEDULE,
                asked=verdict.wait,
                jitter=jitter,
            )
            groups[send.failures + 1, uncertain, at].append(send)
        for (failures, uncertain, at), alike in groups.items():
            changes: dict[str, Any] = {"failures": failures, "uncertain_since": uncertain, **last_error}
            if at is not None:
                claiming.finish(alike, due_at=at, priority=Priority.RETRY, **changes)
            else:
                used_up = failures > len(settings.DISPATCH_RETRY_SCHEDULE)
                reason = Reason.EXHAUSTED if used_up else Reason.EXPIRED
                claiming.end(alike, SendStatus.FAILED, reason, now=now, **changes)

    def _pause(self, sends: list[Send], *, code: str, message: str, **last_error: str) -> None:
        """Pauses the pixel because of its credential; its events wait and spend no retry."""
        now = self.clock()
        pausing.pause(self.pixel, code=code, message=message, now=now)
        claiming.finish(sends, due_at=now, **last_error)
        log.warning("pixel paused", pixel=self.pixel.pk, code=code)

    def _retry_later(self, group: list[Parcel], message: str) -> None:
        verdict = Verdict(outcome=Outcome.RETRY, code="credential", message=message)
        now = self.clock()
        self._settle([parcel.send for parcel in group], verdict, now=now)
        breaker.note_failure(self.breakers, asked=None, now=now)

    def _note_health(self, verdicts: Sequence[Verdict], *, now: datetime) -> None:
        """Counts a request that failed for all its events against the platform."""
        if all(verdict.outcome in (Outcome.RETRY, Outcome.AMBIGUOUS) for verdict in verdicts):
            waits = [verdict.wait for verdict in verdicts if verdict.wait]
            breaker.note_failure(self.breakers, asked=max(waits, default=None), now=now)
        else:
            breaker.note_answer(self.breakers, now=now)

    def _split(self, parcels: list[Parcel]) -> list[list[Parcel]]:
        """Halves of a refused batch, down to the event that caused the refusal."""
        middle = len(parcels) // 2
        return [parcels[:middle], parcels[middle:]]

    def _deadline(self, send: Send) -> datetime:
        return retry.deadline_of(
            event_time=send.conversion.event_time,
            max_age=self.platform.max_age,
            uncertain_since=send.uncertain_since,
        )


def _decides_nothing(verdict: Verdict, group: Sequence[Parcel]) -> bool:
    """Whether the events are to be tried again at once, by themselves or in smaller groups."""
    return verdict.outcome == Outcome.UNTOUCHED or (verdict.whole_batch and len(group) > 1)
