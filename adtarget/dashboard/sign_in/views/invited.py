"""Where an invitation's link leads: what the person will get, and their yes or no."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from adtarget.core.client_context import audited_address
from leads import audit, invitations, sign_in
from leads.choices import Role
from leads.models import Invitation
from leads.models.invitation import token_hash

#: The link's hash, while the person looks at the page; the address of the page then holds no secret.
LINK = "invitation_sha256"
MEANINGS = {
    Role.OWNER: "see and change everything, keys and people included",
    Role.MANAGER: "see everything, enter values, change channels and send events again",
    Role.STAFF: "see the figures and enter values",
    Role.VIEWER: "see the figures",
}


@never_cache
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Uses nothing up: mail programs open links by themselves."""
    request.session[LINK] = token_hash(token)
    answer = redirect("dashboard:invitation")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
def invitation(request: HttpRequest) -> HttpResponse:
    """Accepted with one click by who is signed in; else by signing in first, or as a new person with a password."""
    found = _found(request)
    if found is None:
        return _void(request)
    if isinstance(request.user, User):
        return _accept(request, found, request.user) if request.method == "POST" else _show(request, found)
    person = invitations.new_person(found)
    form = SetPasswordForm(person, request.POST or None)
    if not form.is_valid():
        return _show(request, found, form=form)
    return _accept_as_new(request, found, form.cleaned_data["new_password1"])


@require_POST
def decline(request: HttpRequest) -> HttpResponse:
    found = _found(request)
    if found is None:
        return _void(request)
    try:
        with transaction.atomic():
            invitations.decline(found, now=timezone.now())
            _note(request, found, "decline_invitation", actor=found.who)
    except invitations.Void:
        return _void(request)
    del request.session[LINK]
    return render(request, "dashboard/sign_in/declined.html", {"invitation": found})


def _accept(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    try:
        with transaction.atomic():
            is_new = invitations.accept(found, user, now=timezone.now())
            _note(request, found, "accept_invitation", actor=user.get_username())
    except invitations.Void:
        return _void(request)
    del request.session[LINK]
    text = f"You belong to {found.account} now." if is_new else f"You belong to {found.account} already."
    messages.success(request, text)
    return redirect("dashboard:account", found.account.pk)


def _accept_as_new(request: HttpRequest, found: Invitation, password: str) -> HttpResponse:
    try:
        with transaction.atomic():
            user = invitations.accept_as_new(found, password, now=timezone.now())
            _note(request, found, "accept_invitation", actor=user.get_username())
    except invitations.Void:
        return _void(request)
    user.backend = "django.contrib.auth.backends.ModelBackend"
    sign_in.sign_in(request, user)
    request.session.pop(LINK, None)
    messages.success(request, f"Your password is set. From now on you sign in as {user.get_username()}.")
    answer = redirect("dashboard:account", found.account.pk)
    sign_in.remember_browser(answer, user)
    return answer


def _found(request: HttpRequest) -> Invitation | None:
    return invitations.find(request.session.get(LINK, ""), now=timezone.now())


def _show(request: HttpRequest, found: Invitation, **more: Any) -> HttpResponse:
    context = {"invitation": found, "meaning": MEANINGS[Role(found.role)], **more}
    return render(request, "dashboard/sign_in/invitation.html", context)


def _void(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/sign_in/void_link.html", status=410)


def _note(request: HttpRequest, found: Invitation, action: str, *, actor: str) -> None:
    audit.record(
        account=found.account,
        actor=actor,
        action=action,
        target=found.who,
        details={"role": found.role, "invited_by": found.invited_by},
        client_ip=audited_address(request),
    )
