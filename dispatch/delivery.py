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
from django.db import connection, transaction

from adtarget.core import rate_limit
from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.core.logs import redact
from adtarget.core.prepared import PreparedQuery
from dispatch import accepting, attempting, breaker, claiming, pausing, retry
from dispatch.choices import Outcome, Priority, Reason, SendStatus
from dispatch.consent import ConsentDenied, permitted
from dispatch.credentials import CredentialRefused, CredentialUnavailable, forget, token_of
from dispatch.events import outgoing_event
from dispatch.models import Pixel, Send
from dispatch.persistence import persistent
from dispatch.platforms.base import Platform
from dispatch.platforms.facts import CannotExpress, Payload
from dispatch.platforms.reading import Verdict
from dispatch.platforms.registry import PLATFORMS

log = structlog.get_logger(__name__)

Post = Callable[[PreparedRequest], HttpAnswer]
Clock = Callable[[], datetime]

_RUNNING_PIXEL = PreparedQuery(
    lambda pixel_id: Pixel.objects.active().select_related("site").filter(pk=pixel_id, paused_at__isnull=True), ""
)


@dataclass(slots=True)
class Parcel:
    """A claimed send with its payload."""

    send: Send
    payload: Payload
    notes: list[str]  # what was left out of it, and why


def deliver_sends(pixel_id: str, *, post: Post, clock: Clock) -> int:
    """Sends everything that is due for the pixel, batch after batch; how many were taken up."""
    taken, limit = 0, settings.DISPATCH_BATCH_SIZE
    while batch := deliver_batch(pixel_id, limit=limit, post=post, clock=clock):
        taken += batch.size
        if not batch.more:
            break
        limit = min(batch.limit * 4, settings.DISPATCH_BATCH_SIZE)  # a platform that comes back is not flooded
    return taken


@dataclass(slots=True)
class Batch:
    """What was taken up at once: how many, at most how many, whether more may be due, and whether it was a trial."""

    size: int
    limit: int
    more: bool
    is_probe: bool


def deliver_batch(pixel_id: str, *, limit: int, post: Post, clock: Clock) -> Batch | None:
    """Sends at most `limit` due events of the pixel; None where nothing is due or may go."""
    pixel = next(iter(_RUNNING_PIXEL(pixel_id)), None)
    if pixel is None or pixel.platform not in PLATFORMS:
        return None
    platform, breakers = PLATFORMS[pixel.platform], breaker.of(pixel)
    if breaker.is_open(breakers, clock()):
        return None
    is_probe = breaker.needs_probe(breakers)
    is_counted = is_probe or platform.requests_per_minute is not None  # a request that finds nothing is not to be spent
    if (is_counted or connection.vendor == "sqlite") and not claiming.is_anything_due(pixel, now=clock()):
        return None
    if quota_is_used(platform) or (is_probe and not breaker.claim_probe(breakers, now=clock())):
        return None
    limit = min(1 if is_probe else limit, platform.batch_limit)
    sends = claiming.claim(pixel=pixel, limit=limit, max_age=platform.max_age, now=clock())
    if not sends:
        return None
    more = Delivery(pixel, platform, breakers, post=post, clock=clock).deliver(sends)
    return Batch(len(sends), limit, more, is_probe)


def quota_is_used(platform: Platform) -> bool:
    """Whether the platform's own limit on requests forbids another now; the next sweep asks again.

    Batches make a small quota carry thousands of events, fresh ones first.
    """
    limit = platform.requests_per_minute
    return limit is not None and rate_limit.take(f"platform:{platform.slug}", per_minute=limit, burst=10) > 0


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
        """One request; the groups that are left to try because this one was refused as a whole."""
        try:
            token = token_of(self.pixel)
        except CredentialRefused as refused:
            self._pause([parcel.send for parcel in group], code="credential", message=str(refused))
            return []
        except CredentialUnavailable as unavailable:
            self._retry_later(group, str(unavailable))
            return []
        sends = [parcel.send for parcel in group]
        payloads = [parcel.payload for parcel in group]
        started = self.clock()
        attempts = claiming.begin_attempt(sends, payloads, [parcel.notes for parcel in group], now=started)
        if not attempts:
            log.warning("lease lost before sending", pixel=self.pixel.pk, sends=len(sends))
            return []
        request = self.platform.request(self.config, token.text, payloads, test=sends[0].conversion.is_test)
        answer = self.post(request)
        verdicts = self._read(answer, sends)
        if not token.is_fresh and all(verdict.outcome == Outcome.AUTH for verdict in verdicts):
            # An exchanged token may end before its time: one more try with a new one decides.
            forget(self.pixel)
            verdicts = [replace(verdict, outcome=Outcome.UNTOUCHED) for verdict in verdicts]
        return self._conclude(group, attempts, verdicts, answer, started=started)

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
