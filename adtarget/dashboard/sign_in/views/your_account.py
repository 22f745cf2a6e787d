"""One's own sign-in: password, second step, recovery codes."""

from typing import Any, cast

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from adtarget.core.client_context import audited_address
from adtarget.dashboard.access import ask_password_again
from adtarget.dashboard.sign_in.forms import WRONG_CODE, ConfirmForm, NewAppForm, refuse_too_many
from leads import audit, second_step, sign_in


@never_cache
@login_required
def you(request: HttpRequest) -> HttpResponse:
    return _show(request)


@never_cache
@login_required
def turn_on(request: HttpRequest) -> HttpResponse:
    """A secret for the app, its QR code, and the question for a first code. A POST without a code starts anew."""
    user = cast(User, request.user)
    if second_step.is_on(user):
        return redirect("dashboard:you")
    if not sign_in.is_recent(request):
        return ask_password_again(request)
    device = second_step.begun(user)
    if device is None or (request.method == "POST" and "code" not in request.POST):
        device = second_step.begin(user)
        return redirect("dashboard:turn-on-second-step")
    form = NewAppForm(request.POST or None)
    if form.is_valid() and (codes := _confirmed(request, user, device, form)):
        return _show(request, codes=codes)
    return _show_new_app(request, device, form)


def _show_new_app(request: HttpRequest, device: Any, form: NewAppForm) -> HttpResponse:
    image = segno.make(device.config_url(), micro=False).svg_data_uri(scale=5, border=4, light="#fff")
    context = {"form": form, "image": image, "secret": second_step.seed_text(device)}
    return render(request, "dashboard/sign_in/turn_on.html", context)


@never_cache
@login_required
def turn_off(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if not second_step.is_on(user):
        return redirect("dashboard:you")
    form = ConfirmForm(user, request, request.POST or None)
    if not form.is_valid():
        return render(request, "dashboard/sign_in/turn_off.html", {"form": form})
    with transaction.atomic():
        second_step.turn_off(user)
        _note(request, user, "turn_off_second_step")
    messages.success(request, "The second step is off. Your password alone signs you in.")
    return redirect("dashboard:you")


@never_cache
@require_POST
@login_required
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if not sign_in.is_recent(request):
        return ask_password_again(request)
    if not second_step.is_on(user):
        return redirect("dashboard:you")
    with transaction.atomic():
        codes = second_step.make_recovery_codes(user)
        _note(request, user, "make_recovery_codes")
    return _show(request, codes=codes)


def _confirmed(request: HttpRequest, user: User, device: Any, form: NewAppForm) -> list[str]:
    """The recovery codes where the first code is right; else [] and an error in the form."""
    try:
        refuse_too_many(request, what="code", who=str(user.pk))
    except forms.ValidationError as error:
        form.add_error("code", error)
        return []
    with transaction.atomic():
        codes = second_step.confirm(device, form.cleaned_data["code"])
        if codes:
            _note(request, user, "turn_on_second_step")
    if not codes:
        form.add_error("code", WRONG_CODE)
        return []
    _say_it_is_on(request, user)
    return codes


def _say_it_is_on(request: HttpRequest, user: User) -> None:
    sign_in.forget_tries(request, what="code", who=str(user.pk))
    sign_in.end_sessions(user, but=request.session.session_key)
    messages.success(request, "The second step is on. You are signed out everywhere else.")


def _show(request: HttpRequest, **more: Any) -> HttpResponse:
    user = cast(User, request.user)
    context = {"is_on": second_step.is_on(user), "codes_left": second_step.recovery_codes_left(user), **more}
    return render(request, "dashboard/sign_in/you.html", context)


def _note(request: HttpRequest, user: User, action: str) -> None:
    audit.record(
        actor=user.get_username(),
        action=action,
        target=user.get_username(),
        client_ip=audited_address(request),
    )
