"""The set-up's page of what failed of a pixel, to be sent again once the cause is corrected."""

from datetime import date, datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from adtarget.core.client_context import audited_address
from adtarget.dashboard.access import MANAGERS, Access, page
from adtarget.dashboard.periods import midnight
from adtarget.dashboard.set_up import guide
from dispatch import failures, replaying
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS


class SinceForm(forms.Form):
    since = forms.DateField(
        label="Accepted since",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Older events than the platform takes are left alone.",
    )


class CauseForm(SinceForm):
    reason = forms.CharField(max_length=32)
    code = forms.CharField(max_length=64, required=False)


@page(MANAGERS)
def send_again(request: HttpRequest, access: Access, site_id: str, pixel_id: str) -> HttpResponse:
    """Shows each cause with how many could be sent again; sends those of one cause again."""
    pixels = Pixel.objects.select_related("site").filter(site=site_id, site__account=access.account)
    pixel = get_object_or_404(pixels, pk=pixel_id)
    now = timezone.now()
    if request.method == "POST":
        return _order(request, access, pixel, now=now)
    form = SinceForm(request.GET or {"since": _earliest(pixel, now)})
    since = midnight(form.cleaned_data["since"] if form.is_valid() else _earliest(pixel, now))
    context = {"pixel": pixel, "form": form, "causes": failures.causes(pixel, since=since, now=now)}
    context |= {"since": since.date().isoformat(), "most": f"{failures.MOST:,}"}
    set_up = guide.of_site(access, site_id)
    return guide.show_step(request, access, set_up, "pixels", template="send_again", **context)


def _earliest(pixel: Pixel, now: datetime) -> date:
    """The first day of which the platform may still take an event."""
    return timezone.localdate(now - min(PLATFORMS[pixel.platform].max_age, timedelta(days=90)))


def _order(request: HttpRequest, access: Access, pixel: Pixel, *, now: datetime) -> HttpResponse:
    form = CauseForm(request.POST)
    address = reverse("dashboard:set-up-send-again", args=[access.account.pk, pixel.site_id, pixel.pk])
    if not form.is_valid():
        messages.warning(request, "Choose a cause and a date.")
        return redirect(address)
    given = form.cleaned_data
    sends = failures.failed_for(pixel, reason=given["reason"], code=given["code"], since=midnight(given["since"]))
    outcomes = replaying.replay(sends, actor=access.user.get_username(), now=now, client_ip=audited_address(request))
    messages.success(request, f"{outcomes.done} on the way again.")
    for why_not, refused in outcomes.refused.items():
        messages.warning(request, f"{len(refused)} left alone: {why_not}")
    return redirect(f"{address}?since={given['since'].isoformat()}")
