"""The first steps of the set-up: the account, its sites and their snippet."""

from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from adtarget.dashboard import audit
from adtarget.dashboard.access import MANAGERS, Access, page, show
from adtarget.dashboard.set_up import guide
from adtarget.dashboard.set_up.forms import AccountForm
from adtarget.dashboard.set_up.queries import site_set_ups
from leads import audit as trail
from leads.forms import SiteForm
from leads.models import Bot, Site
from tracker import origins


@user_passes_test(lambda user: bool(user.is_active and getattr(user, "is_superuser", False)))
def new_account(request: HttpRequest) -> HttpResponse:
    """Adds an account; for superusers."""
    form = AccountForm(request.POST or None)
    if not form.is_valid():
        return render(request, "dashboard/set_up/new_account.html", {"form": form})
    with transaction.atomic():
        account = form.save()
        trail.record(account=account, actor=request.user.get_username(), action="create_account", target=account.name)
    return redirect("dashboard:set-up", account.pk)


@page(MANAGERS)
def set_up(request: HttpRequest, access: Access) -> HttpResponse:
    """Every site and what is missing there."""
    sites = [
        (item, [(todo, guide.address_of(todo.step, item)) for todo in item.missing])
        for item in site_set_ups(access.account)
    ]
    bots = Bot.objects.filter(account=access.account).order_by("username")
    return show(request, access, "set_up/set_up.html", {"sites": sites, "bots": bots})


@page(MANAGERS)
def new_site(request: HttpRequest, access: Access) -> HttpResponse:
    form = SiteForm(request.POST or None, instance=Site(account=access.account))
    if not form.is_valid():
        return show(request, access, "set_up/new_site.html", {"form": form})
    with transaction.atomic():
        site = form.save()
        audit.note(request, access, "create_site", site.domain)
    return redirect("dashboard:set-up-snippet", access.account.pk, site.pk)


@page(MANAGERS)
def site(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    form = SiteForm(request.POST or None, instance=set_up.site)
    if not form.is_valid():
        set_up.site.refresh_from_db()  # a refused form has written into it
        return guide.show_step(request, access, set_up, "site", form=form)
    with transaction.atomic():
        form.save()
        audit.note(request, access, "change_site", set_up.site.domain, fields=form.changed_data)
    messages.success(request, "Saved.")
    return redirect("dashboard:set-up-site", access.account.pk, site_id)


@page(MANAGERS)
def snippet(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    set_up = guide.of_site(access, site_id)
    return guide.show_step(request, access, set_up, "snippet", refused=origins.refused_lately(set_up.site))


@page(MANAGERS)
def snippet_seen(request: HttpRequest, access: Access, site_id: str) -> HttpResponse:
    """The live part of the page: asked for again until a visit came."""
    set_up = guide.of_site(access, site_id)
    context = {"set_up": set_up, "refused": origins.refused_lately(set_up.site)}
    return render(request, "dashboard/set_up/_seen.html", context)
