"""What happened: the list, its export, and one event with all that platforms would get of it."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from adtarget.dashboard.access import Access, page, show
from adtarget.dashboard.advice import advise
from adtarget.dashboard.conversions.forms import ConversionFilter
from adtarget.dashboard.conversions.queries import find_conversions
from adtarget.dashboard.export import csv_answer
from adtarget.dashboard.paging import Slice
from conversions.identifiers import effective_signals, effective_utms
from conversions.inheritance import effective_pii
from conversions.models import Conversion
from conversions.status import capi_status
from dispatch.models import Pixel
from dispatch.previews import previews
from tracker.click_ids import UTMS
from tracker.sources import ad_source

EXPORTED = 100_000  # rows of one file
HEADER = (
    "Conversion id",
    "Accepted at",
    "Happened at",
    "Telegram id",
    "External id",
    "Order id",
    "Channel",
    "Event",
    "Value",
    "Currency",
    "Ad source",
    "Source",
    "Status",
    "UTM source",
    "UTM medium",
    "UTM campaign",
    "UTM content",
    "UTM term",
)


@page()
def conversions(request: HttpRequest, access: Access) -> HttpResponseBase:
    form = ConversionFilter(access.account, request.GET)
    found = find_conversions(access.account, form.wanted())
    if request.GET.get("format") == "csv":
        return csv_answer("conversions", HEADER, _exported(found.prefetch_related("sends")[:EXPORTED]))
    rows = Slice(found.prefetch_related("sends__pixel"), request)
    items = [
        {"conversion": row, "status": capi_status(row), "source": ad_source(row.visit), "sends": row.sends.all()}
        for row in rows
    ]
    return show(request, access, "conversions/conversions.html", {"form": form, "rows": rows, "items": items})


@page()
def conversion(request: HttpRequest, access: Access, conversion_id: str) -> HttpResponseBase:
    mine = Conversion.objects.of_account(access.account).select_related("lead", "channel", "site", "visit", "api_key")
    row = get_object_or_404(mine.prefetch_related("sends__pixel"), pk=conversion_id)
    pixels = Pixel.objects.active().filter(site=row.site_id).select_related("site").order_by("platform", "created_at")
    now = timezone.now()
    context = {
        "conversion": row,
        "status": capi_status(row),
        "source": ad_source(row.visit),
        "signals": sorted(effective_signals(row).items()),
        "utms": sorted(effective_utms(row).items()),
        "contacts": sorted(effective_pii(row)),
        "sends": [{"send": send, "advice": advise(send, now=now)} for send in row.sends.all()],
        "previews": previews(row, pixels),
    }
    return show(request, access, "conversions/conversion.html", context)


def _exported(found: QuerySet[Conversion]) -> Iterator[tuple[object, ...]]:
    for row in found.iterator(chunk_size=1000):
        utms = effective_utms(row)
        yield (
            row.pk,
            row.attributed_at.isoformat(),
            row.event_time.isoformat(),
            row.telegram_user_id,
            row.external_user_id,
            row.order_id,
            row.channel.title,
            row.event_name,
            row.value,
            row.currency,
            ad_source(row.visit),
            row.source,
            capi_status(row),
            *(utms.get(name, "") for name in UTMS),
        )
