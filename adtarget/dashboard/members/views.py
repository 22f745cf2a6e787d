"""The account's people: adding, roles, removing, and whether they sign in with a second step."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_POST

from adtarget.core import mail
from adtarget.dashboard import audit
from adtarget.dashboard.access import OWNERS, Access, page, show
from adtarget.dashboard.members.forms import NewPersonForm, RoleForm, SecondStepForm
from leads import audit as trail
from leads import members
from leads.choices import Role
from leads.models import Account, Membership

MOST_SHOWN = 200
DAYS = settings.PASSWORD_RESET_TIMEOUT // 86_400


@page(OWNERS, recent=True)
def people(request: HttpRequest, access: Access) -> HttpResponse:
    """The link for a new person's password is part of this one answer."""
    form = NewPersonForm(request.POST or None)
    if not form.is_valid():
        return _show(request, access, form=form)
    role = Role(form.cleaned_data["role"])
    try:
        with transaction.atomic():
            membership, is_new = members.add(access.account, form.cleaned_data["who"], role)
            audit.note(request, access, "add_person", membership.user.get_username(), role=role, is_new=is_new)
    except members.Refused as error:
        form.add_error("who", str(error))
        return _show(request, access, form=form)
    if is_new:
        return _invite(request, access, membership.user)
    messages.success(request, f"{membership.user.get_username()} signs in as before and finds {access.account} there.")
    return redirect("dashboard:people", access.account.pk)


@require_POST
@page(OWNERS, recent=True)
def new_link(request: HttpRequest, access: Access, membership_id: int) -> HttpResponse:
    """For who lost the first; that one is void from now on."""
    membership = _membership(access, membership_id)
    if not members.never_signed_in(membership):
        name = membership.user.get_username()
        messages.error(request, f"Only whoever runs this AdTarget can help {name} to a new password.")
        return redirect("dashboard:people", access.account.pk)
    with transaction.atomic():
        membership.user.password = make_password(None)
        membership.user.save(update_fields=["password"])
        audit.note(request, access, "make_password_link", membership.user.get_username())
    return _invite(request, access, membership.user)


@require_POST
@page(OWNERS, recent=True)
def set_role(request: HttpRequest, access: Access, membership_id: int) -> HttpResponse:
    membership = _membership(access, membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _show(request, access, troubled=membership, trouble="Choose one of the roles.")
    role, name = Role(form.cleaned_data["role"]), membership.user.get_username()
    try:
        with transaction.atomic():
            members.set_role(membership, role)
            audit.note(request, access, "set_role", name, role=[membership.role, role])
    except members.Refused as error:
        return _show(request, access, troubled=membership, trouble=str(error))
    messages.success(request, f"{name} is {role.label.lower()} now.")
    return _back(access, membership)


@require_POST
@page(OWNERS, recent=True)
def remove(request: HttpRequest, access: Access, membership_id: int) -> HttpResponse:
    membership = _membership(access, membership_id)
    name = membership.user.get_username()
    try:
        with transaction.atomic():
            members.remove(membership)
            audit.note(request, access, "remove_person", name, role=membership.role)
    except members.Refused as error:
        return _show(request, access, troubled=membership, trouble=str(error))
    messages.success(request, f"{name} was removed and sees nothing of {access.account} from now on.")
    return _back(access, membership)


@require_POST
@page(OWNERS, recent=True)
def require_second_step(request: HttpRequest, access: Access) -> HttpResponse:
    form = SecondStepForm(request.POST)
    is_required = form.is_valid() and form.cleaned_data["is_required"]
    with transaction.atomic():
        Account.objects.filter(pk=access.account.pk).update(requires_second_step=is_required)
        audit.note(request, access, "require_second_step", access.account.name, is_required=is_required)
    messages.success(
        request,
        "Whoever has no second step is asked to turn it on at the next page."
        if is_required
        else "A second step is up to each person now.",
    )
    return redirect("dashboard:people", access.account.pk)


class SetPassword(PasswordResetConfirmView):
    """Where a new person's link leads, once: it is void as soon as there is a password."""

    template_name = "dashboard/members/set_password.html"
    success_url = reverse_lazy("dashboard:sign-in")

    def form_valid(self, form: Any) -> HttpResponse:
        name = form.user.get_username()
        with transaction.atomic():
            answer = super().form_valid(form)
            trail.record(actor=name, action="set_password", target=name)
        messages.success(self.request, f"Your password is set. Sign in as {name}.")
        return answer


def _invite(request: HttpRequest, access: Access, user: User) -> HttpResponse:
    """Shows the link once, and e-mails it where both an address and a way are known."""
    names = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    link = request.build_absolute_uri(reverse("dashboard:set-password", args=names))
    trouble, is_mailed = "", False
    if user.email and settings.EMAIL_IS_CONFIGURED:
        text = (
            f"{access.user.get_username()} added you to {access.account} in AdTarget.\n\n"
            f"Set your password here within {DAYS} days:\n{link}\n\nYour username is {user.get_username()}\n"
        )
        try:
            mail.send("Your access to AdTarget", text, [user.email])
            is_mailed = True
        except mail.MailError as error:
            trouble = str(error)
    return _show(request, access, link=link, invited=user, is_mailed=is_mailed, mail_trouble=trouble, days=DAYS)


def _show(request: HttpRequest, access: Access, **more: Any) -> HttpResponse:
    found = Membership.objects.filter(account=access.account).select_related("user").order_by("user__username")
    context = {"form": NewPersonForm(), "members": found[:MOST_SHOWN], "roles": Role.choices, **more}
    return show(request, access, "members/members.html", context)


def _membership(access: Access, membership_id: int) -> Membership:
    found = Membership.objects.select_related("user", "account")
    return get_object_or_404(found, pk=membership_id, account=access.account)


def _back(access: Access, membership: Membership) -> HttpResponse:
    """To the list; who gave up their own role there may not see it any more."""
    is_self = membership.user_id == access.user.pk and not access.user.is_superuser
    return redirect("dashboard:home") if is_self else redirect("dashboard:people", access.account.pk)
