"""People, and what each of them did."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from adtarget.dashboard.access import Access, page, show
from adtarget.dashboard.paging import Slice
from adtarget.dashboard.queries.leads import find_leads
from adtarget.dashboard.queries.story import story
from leads.models import Lead


@page()
def people(request: HttpRequest, access: Access) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:512]
    return show(request, access, "leads.html", {"rows": Slice(find_leads(access.account, text), request), "q": text})


@page()
def person(request: HttpRequest, access: Access, lead_id: int) -> HttpResponse:
    mine = Lead.objects.filter(site__account=access.account).select_related("site")
    lead = get_object_or_404(mine, pk=lead_id)
    elsewhere = mine.filter(telegram_user_id=lead.telegram_user_id).exclude(pk=lead.pk)
    context = {"lead": lead, "moments": story(lead), "elsewhere": elsewhere}
    return show(request, access, "lead.html", context)
