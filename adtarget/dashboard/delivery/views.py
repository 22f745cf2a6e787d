"""Pages of delivery: sends with why they were not sent, retry, match quality."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.core.client_context import audited_address
from adtarget.core.newest import Newest
from adtarget.dashboard.access import MANAGERS, Access, page, show
from adtarget.dashboard.advice import advise
from adtarget.dashboard.delivery.forms import SendFilter
from adtarget.dashboard.delivery.quality import LATEST, pixel_qualities
from adtarget.dashboard.delivery.queries import find_sends
from adtarget.dashboard.paging import ROWS, Slice
from dispatch import replaying
from dispatch.choices import SendStatus
from dispatch.models import Send
from dispatch.previews import previews


@page()
def sends(request: HttpRequest, access: Access) -> HttpResponse:
    form = SendFilter(access.account, request.GET)
    wanted = form.wanted()
    found, pixels = find_sends(access.account, wanted)
    rows = Slice(found, request, newest=Newest("pixel", pixels, "created_at"))
    now = timezone.now()
    items = [{"send": row, "advice": advise(row, now=now), "can_retry": row.status != SendStatus.SENT} for row in rows]
    return show(request, access, "delivery/sends.html", {"form": form, "rows": rows, "items": items})


@page()
def send(request: HttpRequest, access: Access, send_id: str) -> HttpResponse:
    mine = Send.objects.filter(conversion__account=access.account)
    row = get_object_or_404(
        mine.select_related("conversion__lead", "conversion__site", "conversion__visit", "pixel__site"), pk=send_id
    )
    context = {
        "send": row,
        "advice": advise(row, now=timezone.now()),
        "attempts": row.attempt_set.in_order(),
        "preview": previews(row.conversion, [row.pixel])[0],
        "can_retry": row.status != SendStatus.SENT,
    }
    return show(request, access, "delivery/send.html", context)


@page()
def quality(request: HttpRequest, access: Access) -> HttpResponse:
    return show(request, access, "delivery/quality.html", {"pixels": pixel_qualities(access.account), "latest": LATEST})


@require_POST
@page(MANAGERS)
def retry(request: HttpRequest, access: Access) -> HttpResponse:
    """Tries the named sends again now; each that cannot be says why."""
    ids = set(request.POST.getlist("send")[:ROWS])
    mine = Send.objects.filter(conversion__account=access.account, pk__in=ids)
    if any("\0" in each for each in ids) or len(ids) != mine.count():
        raise Http404  # PostgreSQL refuses to compare with a NUL
    by, address = access.user.get_username(), audited_address(request)
    outcomes = replaying.retry(mine, actor=by, now=timezone.now(), client_ip=address)
    _say_outcomes(request, outcomes)
    if not ids:
        messages.warning(request, "Choose at least one.")
    if len(ids) == 1:
        return redirect("dashboard:send", access.account.pk, ids.pop())
    return redirect("dashboard:delivery", access.account.pk)


def _say_outcomes(request: HttpRequest, outcomes: replaying.Outcomes) -> None:
    if outcomes.done:
        messages.success(request, f"{outcomes.done} on the way again.")
    for why_not, refused in outcomes.refused.items():
        messages.warning(request, f"{len(refused)} left alone: {why_not}")
