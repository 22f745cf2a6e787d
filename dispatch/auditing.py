"""Proves on the live tables that nothing is missing, stuck or doubled."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from conversions.choices import Source
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.events import outgoing_event
from dispatch.models import Pixel, PlatformHealth, Send
from dispatch.models.send import SendQuerySet
from dispatch.platforms.registry import PLATFORMS
from leads.models import UnreadableRow
from leads.unreadable import read_rows

#: A send this long past its moment, or past its lease, was forgotten.
PATIENCE = timedelta(minutes=5)
AT_ONCE = 1000  # conversions a statement

Ids = Iterable[str]


@dataclass(frozen=True, slots=True)
class Report:
    """The sum that must come out, and the rows by the promise that they break."""

    accepted: int
    by_status: Mapping[str, int]
    orphans: Mapping[str, list[str]]

    @property
    def adds_up(self) -> bool:
        return self.accepted == sum(self.by_status.values())

    @property
    def is_clean(self) -> bool:
        return self.adds_up and not any(self.orphans.values())


def audit(now: datetime) -> Report:
    """Reads only; safe on a live system."""
    counts = Send.objects.aggregate(
        accepted=Count("pk"), **{status.value: Count("pk", filter=Q(status=status)) for status in SendStatus}
    )
    accepted = counts.pop("accepted")
    return Report(accepted, counts, {promise: list(find(now)) for promise, find in CHECKS.items()})


def conversion_vanished(now: datetime) -> Ids:
    return _ids(Send.objects.filter(~Exists(Conversion.objects.filter(pk=OuterRef("conversion_id")))))


def pixel_vanished(now: datetime) -> Ids:
    return _ids(Send.objects.filter(~Exists(Pixel.objects.filter(pk=OuterRef("pixel_id")))))


def pending_without_a_moment(now: datetime) -> Ids:
    return _ids(Send.objects.open().filter(due_at__isnull=True))


def claimed_and_forgotten(now: datetime) -> Ids:
    return _ids(_overdue(now).filter(claim__isnull=False))


def overdue_without_a_cause(now: datetime) -> Ids:
    """Due for minutes, and neither its pixel's pause nor a breaker explains it."""
    lately = now - timedelta(minutes=1)  # a breaker that has just closed lets its sends go now
    held = PlatformHealth.objects.filter(breaker_until__gt=lately).values("platform")
    free = Q(pixel__paused_at__isnull=True) | Q(pixel__is_active=False)
    closed = Q(pixel__breaker_until__isnull=True) | Q(pixel__breaker_until__lte=lately)
    return _ids(_overdue(now).filter(free, closed, claim__isnull=True).exclude(platform__in=held))


def doubled(now: datetime) -> Ids:
    """More than one send of a conversion to a pixel; the conversions."""
    groups = Send.objects.order_by().values("conversion_id", "pixel_id").annotate(sends=Count("pk"))
    return groups.filter(sends__gt=1).values_list("conversion_id", flat=True)


def conversions_without_sends(now: datetime) -> Iterator[str]:
    """Conversions that a pixel of their site should have got, and no send exists.

    Only a pixel unchanged since the conversion proves anything. Organic joins,
    imported history and conversions that await their value send nothing.
    """
    silent = Conversion.objects.filter(
        ~Exists(Send.objects.filter(conversion=OuterRef("pk"))),
        Exists(
            Pixel.objects.active().filter(site=OuterRef("site"), updated_at__lte=OuterRef("attributed_at")),
        ),
        awaiting_manual_input=False,
    ).exclude(source__in=[Source.WEBHOOK, Source.HISTORY])
    pixels: dict[str, list[Pixel]] = {}
    for pixel in Pixel.objects.active().select_related("site"):
        pixels.setdefault(pixel.site_id, []).append(pixel)
    for conversion in _each(silent.select_related("visit", "site")):
        event = outgoing_event(conversion)
        unchanged = (pixel for pixel in pixels[conversion.site_id] if pixel.updated_at <= conversion.attributed_at)
        if any(PLATFORMS[pixel.platform].wants(event, pixel.config()) for pixel in unchanged):
            yield conversion.pk


def unreadable(now: datetime) -> Ids:
    """Rows that were met and could not be read, by table and key; those that this audit met are among them."""
    return [str(row) for row in UnreadableRow.objects.order_by("table", "row_id")]


def _each(conversions: QuerySet[Conversion]) -> Iterator[Conversion]:
    """In pieces by key, without those that cannot be read."""
    last = ""
    while keys := list(conversions.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield from read_rows(conversions.filter(pk__in=keys).order_by("pk")).found
        last = keys[-1]


CHECKS: Mapping[str, Callable[[datetime], Ids]] = {
    "Sends whose conversion vanished": conversion_vanished,
    "Sends whose pixel vanished": pixel_vanished,
    "Pending sends without a moment to look at them": pending_without_a_moment,
    "Claimed sends, over 5 minutes past their lease": claimed_and_forgotten,
    "Sends overdue by 5 minutes without a pause or an open breaker": overdue_without_a_cause,
    "Conversions with a signal for a pixel, but without any send": conversions_without_sends,
    "Conversions sent to one pixel by more than one send": doubled,
    "Rows that cannot be read": unreadable,
}


def _overdue(now: datetime) -> SendQuerySet:
    return Send.objects.open().filter(due_at__lt=now - PATIENCE)


def _ids(sends: SendQuerySet) -> Iterable[str]:
    return sends.order_by("pk").values_list("pk", flat=True)
