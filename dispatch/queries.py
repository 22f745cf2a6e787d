"""Figures and lists about delivery as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q

from conversions.models import Conversion
from dispatch.choices import Counted, SendStatus
from dispatch.models import Attempt, Pixel, PlatformHealth, Send
from dispatch.models.send import SendQuerySet
from dispatch.reasons import words_of

A_DAY = timedelta(days=1)
#: Longer than any send is tried; older failures need not be looked at to find those of the last day.
LONGEST_LIFE = timedelta(days=14)
STUCK_AFTER = timedelta(minutes=5)
MANY_FAILURES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class OpsOverview:
    """Delivery at a glance. `due` leaves out what waits for a paused pixel, which is `held`."""

    due: int
    oldest_due_at: datetime | None
    oldest_due_age: timedelta
    waiting: int
    held: int
    awaiting_value: int
    paused_pixels: Sequence[Pixel]
    platforms_down: Sequence[PlatformHealth]
    failures: Mapping[str, int]

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def is_late(self) -> bool:
        return self.oldest_due_age > STUCK_AFTER


def ops_overview(now: datetime) -> OpsOverview:
    """The panel on the admin's first page; six statements, each answered by an index."""
    is_held = Q(pixel__paused_at__isnull=False)
    counts = Send.objects.open().aggregate(
        due=Count("pk", filter=Q(due_at__lte=now) & ~is_held),
        waiting=Count("pk", filter=Q(due_at__gt=now) & ~is_held),
        held=Count("pk", filter=is_held),
        oldest=Min("due_at", filter=~is_held),
    )
    oldest = counts["oldest"] if counts["due"] else None
    failures = failed_since(now - A_DAY).values_list("reason").annotate(count=Count("pk")).order_by("-count")
    return OpsOverview(
        due=counts["due"],
        oldest_due_at=oldest,
        oldest_due_age=max(now - oldest, timedelta()) if oldest else timedelta(),
        waiting=counts["waiting"],
        held=counts["held"],
        awaiting_value=Conversion.objects.filter(awaiting_manual_input=True).count(),
        paused_pixels=list(Pixel.objects.active().filter(paused_at__isnull=False).select_related("site")[:20]),
        platforms_down=list(PlatformHealth.objects.filter(breaker_until__gt=now)),
        failures={_reason_label(reason): count for reason, count in failures},
    )


def failed_since(since: datetime, among: SendQuerySet | None = None) -> SendQuerySet:
    """Failed sends whose last try, or acceptance, is not older."""
    sends = Send.objects.all() if among is None else among
    tried = Exists(Attempt.objects.filter(send=OuterRef("pk"), started_at__gte=since))
    return sends.filter(
        Q(created_at__gte=since) | tried, status=SendStatus.FAILED, created_at__gte=since - LONGEST_LIFE
    )


def stuck(now: datetime, among: SendQuerySet | None = None) -> SendQuerySet:
    """Pending sends that are late, or that failed again and again."""
    sends = Send.objects.all() if among is None else among
    return sends.filter(Q(due_at__lt=now - STUCK_AFTER) | Q(failures__gte=MANY_FAILURES), status=SendStatus.PENDING)


def not_counted(sends: SendQuerySet) -> SendQuerySet:
    """Sent, and the platform said later that the request was not counted, or not all of it."""
    told = Attempt.objects.filter(receipt__counted__in=[Counted.PARTLY, Counted.DROPPED])
    return sends.filter(pk__in=told.values("send_id"), status=SendStatus.SENT)


def _reason_label(reason: str) -> str:
    return words_of(reason).label
