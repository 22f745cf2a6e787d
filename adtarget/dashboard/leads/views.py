"""Pages of leads: the list, one lead's timeline, erasing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.core.client_context import audited_address
from adtarget.core.newest import Newest
from adtarget.dashboard.access import OWNERS, Access, page, show
from adtarget.dashboard.leads.queries import find_leads
from adtarget.dashboard.leads.story import story
from adtarget.dashboard.paging import Slice
from conversions.erasing import erase_person
from leads.models import Lead


@page()
def people(request: HttpRequest, access: Access) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:512]
    sites = None if text else Newest("site", access.account.sites.all(), "id")
    rows = Slice(find_leads(access.account, text), request, newest=sites)
    return show(request, access, "leads/leads.html", {"rows": rows, "q": text})


@page()
def person(request: HttpRequest, access: Access, lead_id: int) -> HttpResponse:
    mine = Lead.objects.filter(site__account=access.account).select_related("site")
    lead = get_object_or_404(mine, pk=lead_id)
    elsewhere = mine.filter(telegram_user_id=lead.telegram_user_id).exclude(pk=lead.pk)
    context = {"lead": lead, "moments": story(lead), "elsewhere": elsewhere}
    return show(request, access, "leads/lead.html", context)


@require_POST
@page(OWNERS, recent=True)
def erase(request: HttpRequest, access: Access, lead_id: int) -> HttpResponse:
    lead = get_object_or_404(Lead, pk=lead_id, site__account=access.account)
    erased = erase_person(
        access.account,
        lead.telegram_user_id,
        actor=access.user.get_username(),
        now=timezone.now(),
        client_ip=audited_address(request),
    )
    stopped = f" {erased.sends_cancelled} open sends were stopped." if erased.sends_cancelled else ""
    messages.success(request, f"The person was erased. {erased.conversions} events stay as figures.{stopped}")
    return redirect("dashboard:leads", access.account.pk)
