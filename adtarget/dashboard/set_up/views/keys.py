"""API keys and the first event: keys are made, shown once and revoked."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, OWNERS, Access, page, show
from adtarget.dashboard.set_up import guide
from adtarget.dashboard.set_up.queries import first_events
from leads import api_keys
from leads.forms import KeyForm
from leads.models import ApiKey

LANGUAGES = {"curl": "curl", "php": "PHP", "python": "Python", "node": "Node"}


@page(MANAGERS)
def key(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    form = KeyForm(account=access.account, initial={"name": "backend", "site": set_up.site})
    return _show_key(request, access, set_up.site.pk, form=form)


@require_POST
@page(OWNERS, recent=True)
def make_key(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """The token is part of this one response, which no cache may store."""
    form, token = _made_key(request, access)
    return _show_key(request, access, site_id, form=form, token=token, shown_token=token or "atk_live_…")


@page(MANAGERS)
def first_event(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """The live part of the page: asked for again until an event has arrived at its platforms."""
    set_up = guide.of_site(access, site_id)
    context = {"events": first_events(set_up.site), "account": access.account}
    return render(request, "dashboard/set_up/_event.html", context)


def _show_key(request: HttpRequest, access: Access, site_id: str, **context: Any) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    frame = {
        "events": first_events(set_up.site),
        "languages": LANGUAGES,
        "shown_token": "atk_live_…",
        "shown_site": set_up.site.pk,
        "shown_channel": next((each.pk for each in set_up.channels if each.is_default), "chn_…"),
    }
    return guide.show_step(request, access, set_up, "key", **frame | context)


@page(OWNERS, recent=True)
def keys(request: HttpRequest, access: Access) -> HttpResponse:
    form, token = _made_key(request, access)
    context = {
        "form": form,
        "keys": ApiKey.objects.filter(account=access.account).select_related("site").order_by("-created_at"),
        "token": token,
        "address": guide.here(request),
        "languages": LANGUAGES,
        "shown_token": token,
    }
    return show(request, access, "set_up/keys.html", context)


@require_POST
@page(OWNERS)
def revoke_key(request: HttpRequest, access: Access, key_id: str) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=key_id, account=access.account)
    with transaction.atomic():
        api_keys.revoke(key, now=timezone.now())
        audit.note(request, access, "revoke_key", key.prefix, name=key.name)
    messages.success(request, f"{key.name} was revoked. Requests with it are refused from now on.")
    return redirect("dashboard:keys", access.account.pk)


def _made_key(request: HttpRequest, access: Access) -> tuple[KeyForm, str]:
    """The form to show, and the new token where one was made."""
    form = KeyForm(request.POST or None, account=access.account)
    if form.is_bound and "site" in form.errors:
        raise Http404
    if not form.is_valid():
        return form, ""
    try:
        with transaction.atomic():
            key, token = api_keys.create_key(account=access.account, **form.cleaned_data)
            audit.note(request, access, "create_key", key.prefix, name=key.name)
    except api_keys.TooManyKeys as error:
        form.add_error(None, str(error))
        return form, ""
    return KeyForm(account=access.account), token
