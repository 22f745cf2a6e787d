"""Pages of conversions: the list, and one event with what each platform would get."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
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
from leads.damaged_rows import read_columns
from leads.unreadable import UNREADABLE, note, read_rows
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
    rows = read_rows(mine.prefetch_related("sends__pixel").filter(pk=conversion_id))
    if rows.unreadable:
        return _damaged(request, access, conversion_id)
    if not rows.found:
        raise Http404
    try:
        return _conversion(request, access, rows.found[0])
    except UNREADABLE as error:
        if not read_columns(Conversion, conversion_id).unreadable:
            raise
        note(Conversion, conversion_id, error)
        return _damaged(request, access, conversion_id)


def _damaged(request: HttpRequest, access: Access, conversion_id: str) -> HttpResponseBase:
    """What can be read of a damaged conversion."""
    context = {"conversion_id": conversion_id, "columns": read_columns(Conversion, conversion_id)}
    return show(request, access, "conversions/damaged.html", context)


def _conversion(request: HttpRequest, access: Access, row: Conversion) -> HttpResponseBase:
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
