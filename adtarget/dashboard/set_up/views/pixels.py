"""The set-up's pixels: connecting, a test event with the platform's own answer, resuming."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.core.client_context import peer_address
from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, OWNERS, Access, page
from adtarget.dashboard.asking import may_ask
from adtarget.dashboard.set_up import guide
from adtarget.dashboard.set_up.forms import PixelForm
from adtarget.dashboard.set_up.postback_form import PostbackForm
from dispatch import pausing, pixel_options, sending, test_events
from dispatch.models import Pixel
from dispatch.platforms.postback.presets import PRESETS
from dispatch.platforms.registry import PLATFORMS

#: Forms of platforms whose options alone make no form that people understand.
FORMS: dict[str, type[PixelForm]] = {"postback": PostbackForm}
#: No others: a worker may have paused the pixel meanwhile.
EDITED = (
    "pixel_id",
    "test_event_code",
    "options",
    "is_active",
    "credential_encrypted",
    "credential_hint",
    "updated_at",
)


@page(MANAGERS)
def pixels(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    return _show(request, access, site_id)


@page(OWNERS, recent=True)
def new_pixel(request: HttpRequest, access: Access, site_id: str, platform: str) -> HttpResponse:
    if platform not in PLATFORMS:
        raise Http404
    set_up = guide.of_site(access, site_id)
    preset = request.GET.get("preset", "")
    options = {"preset": preset} if platform == "postback" and preset in PRESETS else {}
    return _edit(request, access, site_id, Pixel(site=set_up.site, platform=platform, options=options))


@page(OWNERS, recent=True)
def pixel(request: HttpRequest, access: Access, site_id: str, pixel_id: str) -> HttpResponse:
    return _edit(request, access, site_id, _pixel(access, site_id, pixel_id))


@require_POST
@page(MANAGERS)
def test_pixel(request: HttpRequest, access: Access, site_id: str, pixel_id: str) -> HttpResponse:
    """Sends one event at once; one that counts only where `real` was asked for."""
    tested = _pixel(access, site_id, pixel_id)
    if not may_ask(request, access):
        return redirect("dashboard:set-up-pixels", access.account.pk, site_id)
    try:
        sent = test_events.send_test_event(
            tested,
            client_ip=peer_address(request),
            user_agent=request.headers.get("User-Agent", "")[:1024],
            now=timezone.now(),
            real=request.POST.get("real") == "on",
            post=sending.send,
        )
    except test_events.CannotTest as problem:
        return _show(request, access, site_id, tested=tested, problem=str(problem))
    audit.note(request, access, "test_pixel", tested.pk, kind=sent.kind, accepted=sent.worked)
    return _show(request, access, site_id, tested=tested, sent=sent)


@require_POST
@page(MANAGERS)
def resume_pixel(request: HttpRequest, access: Access, site_id: str, pixel_id: str) -> HttpResponse:
    resumed = _pixel(access, site_id, pixel_id)
    with transaction.atomic():
        pausing.resume(resumed, now=timezone.now())
        audit.note(request, access, "resume_pixel", resumed.pk)
    messages.success(request, f"{resumed} was resumed. What waits for it goes out now.")
    return redirect("dashboard:set-up-pixels", access.account.pk, site_id)


def _edit(request: HttpRequest, access: Access, site_id: str, edited: Pixel) -> HttpResponse:
    form = FORMS.get(edited.platform, PixelForm)(request.POST or None, instance=edited)
    if not form.is_valid():
        return _show(request, access, site_id, template="pixel", form=form, edited=edited)
    is_new = edited._state.adding
    with transaction.atomic():
        form.save(commit=False).save(update_fields=None if is_new else EDITED)
        audit.note(request, access, "create_pixel" if is_new else "change_pixel", str(edited), fields=form.changed_data)
        if edited.paused_at and (form.cleaned_data.get("new_token") or not form.adapter.needs_credential):
            pausing.resume(edited, now=timezone.now())
        _keep_parameters(edited)
    messages.success(request, f"{edited} was {'connected. Send it a test event' if is_new else 'saved'}.")
    return redirect("dashboard:set-up-pixels", access.account.pk, site_id)


def _keep_parameters(edited: Pixel) -> None:
    """Has the site keep the parameters of the landing page that the pixel reads."""
    site = edited.site
    if missing := pixel_options.missing_parameters(site, PLATFORMS[edited.platform], edited.options):
        site.kept_query_parameters = [*site.kept_query_parameters, *missing]
        site.save(update_fields=["kept_query_parameters"])


def _pixel(access: Access, site_id: str, pixel_id: str) -> Pixel:
    pixels = Pixel.objects.select_related("site").filter(site=site_id, site__account=access.account)
    return get_object_or_404(pixels, pk=pixel_id)


def _show(
    request: HttpRequest, access: Access, site_id: str, *, template: str = "pixels", **context: Any
) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    counting = {pixel.pk for pixel in set_up.pixels if not PLATFORMS[pixel.platform].takes_tests(pixel.config())}
    context |= {
        "platforms": list(PLATFORMS.values()),
        "presets": PRESETS,
        "counting": counting,
        "harmless_name": test_events.HARMLESS_NAME,
    }
    return guide.show_step(request, access, set_up, "pixels", template=template, **context)
