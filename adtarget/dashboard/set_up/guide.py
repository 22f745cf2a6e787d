"""The frame of the set-up's steps: the site, open steps, the next step."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from adtarget.dashboard.access import Access, show
from adtarget.dashboard.set_up.queries import STEPS, SiteSetUp, StepName, site_set_ups


def of_site(access: Access, site_id: str) -> SiteSetUp:
    """The set-up of a site of the account, or Http404."""
    found = site_set_ups(access.account, site_id=site_id)
    if not found:
        raise Http404
    return found[0]


def address_of(step: StepName, set_up: SiteSetUp) -> str:
    return reverse(f"dashboard:set-up-{step}", args=[set_up.site.account_id, set_up.site.pk])


def show_step(
    request: HttpRequest, access: Access, set_up: SiteSetUp, step: StepName, *, template: str = "", **context: Any
) -> HttpResponse:
    """A step's page among the others; `template` where it is not the step's first page."""
    names = [each.name for each in STEPS]
    after = names[names.index(step) + 1 :]
    frame = {
        "set_up": set_up,
        "site": set_up.site,
        "step": step,
        "steps": [(each, address_of(each.name, set_up), each.name not in set_up.open_steps) for each in STEPS],
        "todo": [todo.sentence for todo in set_up.missing if todo.step == step],
        "next_address": address_of(after[0], set_up) if after else "",
        "address": here(request),
    }
    return show(request, access, f"set_up/{template or step}.html", frame | context)


def here(request: HttpRequest) -> str:
    """The address at which this installation was reached."""
    return request.build_absolute_uri("/").rstrip("/")
