"""From an empty account to the first event: snippet, channels, pixels, keys."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.api.client_context import peer_address
from adtarget.dashboard import audit, trial
from adtarget.dashboard.access import MANAGERS, OWNERS, Access, page, show
from adtarget.dashboard.forms import KeyForm
from adtarget.dashboard.queries.set_up import site_set_ups
from dispatch import http, pausing
from dispatch.models import Pixel
from dispatch.platforms.base import Answer, PreparedRequest
from leads import api_keys
from leads.models import ApiKey

LANGUAGES = {"curl": "curl", "php": "PHP", "python": "Python", "node": "Node"}


@page(MANAGERS)
def set_up(request: HttpRequest, access: Access) -> HttpResponse:
    return _set_up(request, access)


@require_POST
@page(MANAGERS)
def test_pixel(request: HttpRequest, access: Access, pixel_id: str) -> HttpResponse:
    pixel = get_object_or_404(Pixel.objects.select_related("site"), pk=pixel_id, site__account=access.account)
    tried = trial.try_pixel(
        pixel,
        client_ip=peer_address(request),
        user_agent=request.headers.get("User-Agent", "")[:1024],
        now=timezone.now(),
        post=_post,
    )
    audit.note(request, access, "test_pixel", pixel.pk, accepted=tried.was_accepted)
    return _set_up(request, access, trial=tried, tried_pixel=pixel)


@require_POST
@page(MANAGERS)
def resume_pixel(request: HttpRequest, access: Access, pixel_id: str) -> HttpResponse:
    pixel = get_object_or_404(Pixel, pk=pixel_id, site__account=access.account)
    with transaction.atomic():
        pausing.resume(pixel, now=timezone.now())
        audit.note(request, access, "resume_pixel", pixel.pk)
    messages.success(request, f"{pixel} was resumed. What waits for it goes out now.")
    return redirect("dashboard:set-up", access.account.pk)


@page(OWNERS, recent=True)
def keys(request: HttpRequest, access: Access) -> HttpResponse:
    """The token is part of this one answer, which the browser is told not to keep."""
    form = KeyForm(access.account, request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_bound and "site" in form.errors:
        raise Http404
    if form.is_valid():
        try:
            with transaction.atomic():
                key, context["token"] = api_keys.create_key(account=access.account, **form.cleaned_data)
                audit.note(request, access, "create_key", key.prefix, name=key.name)
        except api_keys.TooManyKeys as error:
            form.add_error(None, str(error))
        else:
            context["form"] = KeyForm(access.account)
            context |= _snippets(request, context["token"])
    context["keys"] = ApiKey.objects.filter(account=access.account).select_related("site").order_by("-created_at")
    return show(request, access, "keys.html", context)


@require_POST
@page(OWNERS)
def revoke_key(request: HttpRequest, access: Access, key_id: str) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=key_id, account=access.account)
    with transaction.atomic():
        api_keys.revoke(key, now=timezone.now())
        audit.note(request, access, "revoke_key", key.prefix, name=key.name)
    messages.success(request, f"{key.name} was revoked. Whoever uses it is refused from now on.")
    return redirect("dashboard:keys", access.account.pk)


def _set_up(request: HttpRequest, access: Access, **more: Any) -> HttpResponse:
    context = {"sites": site_set_ups(access.account), **_snippets(request, "atk_live_…"), **more}
    return show(request, access, "set_up.html", context)


def _snippets(request: HttpRequest, shown: str) -> dict[str, Any]:
    return {"address": request.build_absolute_uri("/").rstrip("/"), "languages": LANGUAGES, "shown_token": shown}


def _post(prepared: PreparedRequest) -> Answer:
    return http.post(
        prepared.url,
        headers=prepared.headers,
        body=prepared.body,
        deadline_seconds=settings.DISPATCH_ATTEMPT_SECONDS,
    )
