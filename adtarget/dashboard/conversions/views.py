"""Pages of conversions: the list, and one event with what each platform would get."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from adtarget.dashboard.access import Access, page, show
from adtarget.dashboard.advice import advise
from adtarget.dashboard.conversions.export import wanted_list
from adtarget.dashboard.conversions.forms import ConversionFilter
from adtarget.dashboard.conversions.queries import find_conversions
from adtarget.dashboard.export import export_list
from adtarget.dashboard.paging import Slice
from adtarget.exports.models import Kind
from conversions.identifiers import effective_signals, effective_utms
from conversions.inheritance import effective_pii
from conversions.models import Conversion
from conversions.status import capi_status
from dispatch.models import Pixel
from dispatch.previews import previews
from tracker.sources import ad_source


@page()
def conversions(request: HttpRequest, access: Access) -> HttpResponseBase:
    if request.GET.get("format") == "csv":
        query = request.GET.dict()
        return export_list(request, access, Kind.CONVERSIONS, query, wanted_list(access.account, query))
    form = ConversionFilter(access.account, request.GET)
    found = find_conversions(access.account, form.wanted())
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
