"""Retries, replays and cancels sends, one or thousands.

The event id stays the same, so no platform counts anything twice. A send that
is sent already, or could be counted twice by now, is left alone with a reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import transaction

from dispatch.choices import Priority, Reason, SendStatus
from dispatch.models import Pixel, Send
from dispatch.models.send import SendQuerySet
from dispatch.platforms.registry import PLATFORMS
from dispatch.retry import SAFE_TO_REPEAT_FOR
from dispatch.scheduling import ring_after_commit
from leads import audit, report_days
from leads.models import Account

CHUNK = 1000  # sends a transaction: locks stay short, however many were asked for
ENDED = (SendStatus.FAILED, SendStatus.SKIPPED)


class Order(StrEnum):
    """What can be asked. A retry goes with the other retries, a replay after everything else that is due."""

    RETRY = "retry"
    REPLAY = "replay"
    CANCEL = "cancel"


@dataclass(slots=True)
class Outcomes:
    """How many sends an order reached, and the others by the sentence that says why not."""

    done: int = 0
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def left(self) -> int:
        return sum(map(len, self.refused.values()))


class _Row(NamedTuple):
    """What decides about one send."""

    pk: str
    status: str
    reason: str
    claim: object
    due_at: datetime | None
    uncertain_since: datetime | None
    platform: str
    pixel_id: str
    pixel__is_active: bool
    conversion__event_time: datetime
    conversion__is_test: bool
    conversion__account_id: str
    created_at: datetime


Progress = Callable[[int], None]


def _unwatched(_count: int) -> None:
    pass


def replay_filter(
    *,
    platform: str = "",
    pixel: str = "",
    statuses: Sequence[str] = ENDED,
    reason: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> SendQuerySet:
    """The sends that match all that is given; `pixel` is our id or the platform's, times are of acceptance."""
    sends = Send.objects.filter(status__in=statuses)
    if platform:
        sends = sends.filter(platform=platform)
    if pixel:
        sends = sends.filter(pixel__in=Pixel.objects.filter(pk=pixel) | Pixel.objects.filter(pixel_id=pixel))
    if reason:
        sends = sends.filter(reason=reason)
    if since:
        sends = sends.filter(created_at__gte=since)
    if until:
        sends = sends.filter(created_at__lt=until)
    return sends


def examine(order: Order, sends: SendQuerySet, *, now: datetime, progress: Progress = _unwatched) -> Outcomes:
    """What the order would come to; changes nothing."""
    outcomes, why_not = Outcomes(), _Judge(order, now)
    for chunk in _chunks(sends):
        for row in _rows(chunk):
            if refusal := why_not(row):
                outcomes.refused[refusal].append(row.pk)
            else:
                outcomes.done += 1
        progress(len(chunk))
    return outcomes


def retry(sends: SendQuerySet, *, actor: str, now: datetime, client_ip: str | None = None) -> Outcomes:
    """Tries failed, skipped and waiting sends again now."""
    return _carry_out(Order.RETRY, sends, actor=actor, now=now, client_ip=client_ip)


def replay(
    sends: SendQuerySet,
    *,
    actor: str,
    now: datetime,
    client_ip: str | None = None,
    progress: Progress = _unwatched,
) -> Outcomes:
    """Sends failed and skipped ones again, after everything else that is due."""
    return _carry_out(Order.REPLAY, sends, actor=actor, now=now, client_ip=client_ip, progress=progress)


def cancel(sends: SendQuerySet, *, actor: str, now: datetime, client_ip: str | None = None) -> Outcomes:
    """Ends sends that wait, as skipped; a replay brings them back."""
    return _carry_out(Order.CANCEL, sends, actor=actor, now=now, client_ip=client_ip)


def _carry_out(
    order: Order,
    sends: SendQuerySet,
    *,
    actor: str,
    now: datetime,
    client_ip: str | None,
    progress: Progress = _unwatched,
) -> Outcomes:
    """Carries the order out in chunks, each with its audit entry; then notifies workers, once a pixel."""
    outcomes, why_not, pixels = Outcomes(), _Judge(order, now), set[str]()
    for chunk in _chunks(sends):
        with transaction.atomic():
            list(Send.objects.filter(pk__in=chunk).order_by("pk").select_for_update().values_list("pk"))
            willing = []
            for row in _rows(chunk):
                if refusal := why_not(row):
                    outcomes.refused[refusal].append(row.pk)
                else:
                    willing.append(row)
            _change(order, willing, now=now)
            _note_days(willing, now=now)
            _keep_record(order, willing, actor=actor, client_ip=client_ip)
        outcomes.done += len(willing)
        pixels.update(row.pixel_id for row in willing)
        progress(len(chunk))
    if order != Order.CANCEL:
        ring_after_commit(pixels)
    return outcomes


def _change(order: Order, rows: Iterable[_Row], *, now: datetime) -> None:
    waiting = Send.objects.filter(pk__in=[row.pk for row in rows if row.status == SendStatus.PENDING])
    ended = Send.objects.filter(pk__in=[row.pk for row in rows if row.status != SendStatus.PENDING])
    if order == Order.CANCEL:
        waiting.update(status=SendStatus.SKIPPED, reason=Reason.CANCELLED, due_at=None)
        return
    waiting.update(due_at=now)
    ended.update(
        status=SendStatus.PENDING,
        reason="",
        priority=Priority.RETRY if order == Order.RETRY else Priority.REPLAY,
        due_at=now,
        failures=0,
        lost_leases=0,
    )


def _note_days(rows: Sequence[_Row], *, now: datetime) -> None:
    """Has the days counted again on which the sends were made; of what waits, too, since a count may be under way."""
    by_account: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        by_account[row.conversion__account_id].append(row.created_at)
    for account, moments in sorted(by_account.items()):
        report_days.sends_changed(account, moments, now=now)


def _keep_record(order: Order, rows: Sequence[_Row], *, actor: str, client_ip: str | None) -> None:
    by_account: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_account[row.conversion__account_id].append(row.pk)
    for account in Account.objects.filter(pk__in=by_account):
        reached = by_account[account.pk]
        audit.record(
            actor=actor,
            action=f"send.{order}",
            target=reached[0] if len(reached) == 1 else f"{len(reached)} sends",
            account=account,
            details={"sends": reached},
            client_ip=client_ip,
        )


def _chunks(sends: SendQuerySet) -> Iterator[list[str]]:
    """The ids as they are now: what an order changes does not fall out of its own filter."""
    ids = list(sends.order_by().values_list("pk", flat=True).distinct())
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _rows(chunk: Sequence[str]) -> Iterable[_Row]:
    return map(_Row._make, Send.objects.filter(pk__in=chunk).order_by("pk").values_list(*_Row._fields))


class _Judge:
    """Says why a send is left alone, or ''."""

    def __init__(self, order: Order, now: datetime) -> None:
        self._order, self._now = order, now
        self._takes_tests: dict[str, bool] = {}

    def __call__(self, row: _Row) -> str:
        if row.status == SendStatus.SENT:
            return "Sent already."
        if row.claim is not None:
            return "A worker has it right now; look again in a minute."
        if self._order == Order.CANCEL:
            return "" if row.status == SendStatus.PENDING else "It has ended already; only what waits can be cancelled."
        if row.status == SendStatus.PENDING and self._order == Order.REPLAY:
            return "It is on its way already."
        if row.due_at is not None and row.due_at <= self._now:
            return "It is due already and goes out as soon as its pixel lets it."
        return self._too_late(row) or self._unwanted(row)

    def _too_late(self, row: _Row) -> str:
        platform = PLATFORMS[row.platform]
        if row.conversion__event_time + platform.max_age <= self._now:
            return f"Older than the {platform.max_age.days} days {platform.name} takes."
        if row.uncertain_since is not None and row.uncertain_since + SAFE_TO_REPEAT_FOR <= self._now:
            return "An earlier try may have counted, over 47 h 50 min ago: another could be counted twice."
        return ""

    def _unwanted(self, row: _Row) -> str:
        if row.reason == Reason.ERASED:
            return "The person was erased."
        if not row.pixel__is_active:
            return "Its pixel is switched off."
        if row.conversion__is_test and not self._pixel_takes_tests(row.pixel_id):
            return "A test event, and its pixel takes no tests."
        return ""

    def _pixel_takes_tests(self, pixel_id: str) -> bool:
        if pixel_id not in self._takes_tests:
            pixel = Pixel.objects.select_related("site").get(pk=pixel_id)
            self._takes_tests[pixel_id] = PLATFORMS[pixel.platform].takes_tests(pixel.config())
        return self._takes_tests[pixel_id]
