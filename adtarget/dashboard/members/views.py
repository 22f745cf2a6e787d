"""The account's people: inviting, roles, removing, and whether they sign in with a second step."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from adtarget.core import mail
from adtarget.dashboard import audit
from adtarget.dashboard.access import OWNERS, Access, page, show
from adtarget.dashboard.members.forms import NewPersonForm, RoleForm, SecondStepForm
from leads import invitations, members
from leads.choices import Role
from leads.models import Account, Invitation, Membership

MOST_SHOWN = 200
HOURS = int(invitations.LIFETIME.total_seconds() // 3600)


@page(OWNERS, recent=True)
def people(request: HttpRequest, access: Access) -> HttpResponse:
    """Without e-mail the invitation's link is part of this one answer, and of nothing else."""
    form = NewPersonForm(request.POST or None)
    if not form.is_valid():
        return _show(request, access, form=form)
    return _invite(request, access, form=form, who=form.cleaned_data["who"], role=Role(form.cleaned_data["role"]))


@require_POST
@page(OWNERS, recent=True)
def invite_again(request: HttpRequest, access: Access, invitation_id: str) -> HttpResponse:
    """A new link for another day; the one before is void from now on."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, account=access.account)
    form = NewPersonForm({"who": invitation.who, "role": invitation.role})
    if not form.is_valid():
        return _show(request, access, form=form)
    return _invite(request, access, form=form, who=invitation.who, role=Role(invitation.role))


@require_POST
@page(OWNERS, recent=True)
def withdraw(request: HttpRequest, access: Access, invitation_id: str) -> HttpResponse:
    """The link is void from now on."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, account=access.account)
    with transaction.atomic():
        invitation.delete()
        audit.note(request, access, "withdraw_invitation", invitation.who, role=invitation.role)
    messages.success(request, f"The invitation of {invitation.who} was withdrawn.")
    return redirect("dashboard:people", access.account.pk)


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
        "Members without a second step are asked to turn it on at their next page."
        if is_required
        else "A second step is up to each person now.",
    )
    return redirect("dashboard:people", access.account.pk)


def _invite(request: HttpRequest, access: Access, *, form: NewPersonForm, who: str, role: Role) -> HttpResponse:
    """Mails the link to the address without showing it; shows it once where no mail is configured."""
    is_mailed, by = bool(settings.EMAIL_IS_CONFIGURED), access.user.get_username()
    try:
        with transaction.atomic():
            invitation, token = invitations.invite(
                access.account, who, role, by=by, is_mailed=is_mailed, now=timezone.now()
            )
            audit.note(request, access, "invite_person", invitation.who, role=role, is_mailed=is_mailed)
    except members.Refused as error:
        form.add_error("who", str(error))
        return _show(request, access, form=form)
    link = request.build_absolute_uri(reverse("dashboard:invitation-link", args=[token]))
    if not is_mailed:
        return _show(request, access, link=link, invited=invitation, hours=HOURS)
    return _mail(request, access, invitation, link)


def _mail(request: HttpRequest, access: Access, invitation: Invitation, link: str) -> HttpResponse:
    try:
        mail.send("An invitation to AdTarget", _mail_text(invitation, link), [invitation.who])
    except mail.MailError as error:
        return _show(request, access, invited=invitation, mail_trouble=str(error))
    messages.success(request, f"An invitation was sent to {invitation.who}. It is good for {HOURS} hours.")
    return redirect("dashboard:people", access.account.pk)


def _mail_text(invitation: Invitation, link: str) -> str:
    role = Role(invitation.role).label.lower()
    return (
        f"{invitation.invited_by} invites you to {invitation.account} in AdTarget, as {role}.\n\n"
        f"Open this link within {HOURS} hours; it works once:\n{link}\n\n"
        "You see there what you will get before you accept. If you do not expect this, do nothing.\n"
    )


def _show(request: HttpRequest, access: Access, **more: Any) -> HttpResponse:
    found = Membership.objects.filter(account=access.account).select_related("user").order_by("user__username")
    context = {
        "form": NewPersonForm(),
        "members": found[:MOST_SHOWN],
        "invitations": Invitation.objects.filter(account=access.account).order_by("-created_at")[:MOST_SHOWN],
        "is_mailed": settings.EMAIL_IS_CONFIGURED,
        "now": timezone.now(),
        "roles": Role.choices,
        **more,
    }
    return show(request, access, "members/members.html", context)


def _membership(access: Access, membership_id: int) -> Membership:
    found = Membership.objects.select_related("user", "account")
    return get_object_or_404(found, pk=membership_id, account=access.account)


def _back(access: Access, membership: Membership) -> HttpResponse:
    """To the list; who gave up their own role there may not see it any more."""
    is_self = membership.user_id == access.user.pk and not access.user.is_superuser
    return redirect("dashboard:home") if is_self else redirect("dashboard:people", access.account.pk)
