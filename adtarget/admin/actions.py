"""The page that confirms an action, and the way back from it."""

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse


def confirmation(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    *,
    action: str,
    title: str,
    intro: str,
    lines: Iterable[str],
    button: str,
    can_go_on: bool = True,
) -> HttpResponse:
    """The page between choosing an action and its doing; its button sends the same choice with `confirmed`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "action": action,
        "intro": intro,
        "lines": list(lines),
        "button": button,
        "can_go_on": can_go_on,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "from_page": request.POST.get("from_page", ""),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def back_to_page(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse | None:
    """To the object whose page the action was asked on; None, which is the list, where it was asked there."""
    if not request.POST.get("from_page"):
        return None
    page = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
    return HttpResponseRedirect(reverse(page, args=[request.POST.getlist(ACTION_CHECKBOX_NAME)[0]]))
