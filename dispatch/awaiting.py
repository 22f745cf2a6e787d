"""The conversions that await their value, the most urgent first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, QuerySet, When

from conversions.models import Conversion
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from leads.models import Account

#: The platforms of each site's active pixels.
SitePlatforms = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Window:
    """How long a platform still takes an event."""

    platform: str
    closes_at: datetime


def site_platforms(account: Account) -> SitePlatforms:
    found: SitePlatforms = defaultdict(list)
    pixels = Pixel.objects.active().filter(site__account=account).values_list("site_id", "platform").distinct()
    for site_id, platform in pixels.order_by("platform"):
        if platform in PLATFORMS:
            found[site_id].append(platform)
    return found


def awaiting(account: Account, platforms: SitePlatforms, *, now: datetime) -> QuerySet[Conversion]:
    """Ordered by the next window that closes; those too old for every platform come last."""
    return (
        Conversion.objects.of_account(account)
        .filter(awaiting_manual_input=True)
        .select_related("lead", "channel", "site", "visit")
        .annotate(closes_at=_next_close(platforms, now))
        .order_by(F("closes_at").asc(nulls_last=True), "event_time", "id")
    )


def windows(conversion: Conversion, platforms: SitePlatforms, *, now: datetime) -> list[Window]:
    """The platforms that still take the event, the next to close first."""
    closing = [
        Window(PLATFORMS[slug].name, conversion.event_time + PLATFORMS[slug].max_age)
        for slug in platforms.get(conversion.site_id, [])
    ]
    return sorted((window for window in closing if window.closes_at > now), key=lambda window: window.closes_at)


def _next_close(platforms: SitePlatforms, now: datetime) -> Case:
    sites_by_ages: dict[tuple[timedelta, ...], list[str]] = defaultdict(list)
    for site_id, slugs in platforms.items():
        sites_by_ages[tuple(sorted({PLATFORMS[slug].max_age for slug in slugs}))].append(site_id)
    moment = DateTimeField()
    return Case(
        *(
            When(
                site__in=sites,
                event_time__gt=now - age,
                then=ExpressionWrapper(F("event_time") + age, output_field=moment),
            )
            for ages, sites in sites_by_ages.items()
            for age in ages
        ),
        default=None,
        output_field=moment,
    )
