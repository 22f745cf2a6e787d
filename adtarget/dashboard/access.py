"""Checks who may open which page of which account; every page is wrapped in `page`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, available_timezones

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from adtarget.alerts.models import Alert
from leads import second_step, sign_in
from leads.choices import Role
from leads.models import Account

P = ParamSpec("P")

EVERYONE = frozenset(Role)
SUBMITTERS = frozenset({Role.OWNER, Role.MANAGER, Role.STAFF})
MANAGERS = frozenset({Role.OWNER, Role.MANAGER})
OWNERS = frozenset({Role.OWNER})

SHOWN_ACCOUNTS = 50  # in the switcher; a superuser may have more
LAST_ACCOUNT = "dashboard_account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One person in one account."""

    user: User
    account: Account
    role: Role
    open_alerts: int = 0

    @property
    def may_submit(self) -> bool:
        return self.role in SUBMITTERS

    @property
    def may_manage(self) -> bool:
        """Retry sends, send test events."""
        return self.role in MANAGERS

    @property
    def may_hold_keys(self) -> bool:
        return self.role in OWNERS


Page = Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase]


def page(
    roles: frozenset[Role] = EVERYONE, *, recent: bool = False
) -> Callable[[Page[P]], Callable[..., HttpResponseBase]]:
    """A page below /accounts/<account_id>/ for people with one of `roles` there.

    A stranger gets 404, as if the account did not exist; a member without the role 403.
    Times on it are in the viewer's zone. `recent` asks for the password again where it
    was given over twelve hours ago: for pages that show or take keys and tokens.
    """

    def decorate(view: Page[P]) -> Callable[..., HttpResponseBase]:
        @never_cache
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, account_id: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            access = access_to(request, account_id)
            if access.role not in roles:
                raise PermissionDenied
            if access.account.requires_second_step and not second_step.is_on(access.user):
                messages.warning(request, f"{access.account.name} asks for a second step at sign-in. Turn it on here.")
                return redirect("dashboard:you")
            if recent and not sign_in.is_recent(request):
                return ask_password_again(request)
            with timezone.override(zone_of(request)):
                return view(request, access, *args, **kwargs)

        return guarded

    return decorate


def ask_password_again(request: HttpRequest) -> HttpResponse:
    """To the question for the password, and from there back to this page, or to the one whose button was pressed."""
    came_from = request.headers.get("Referer", "") if request.method == "POST" else ""
    return redirect(f"{reverse('dashboard:confirm')}?{urlencode({'next': came_from or request.path})}")


def access_to(request: HttpRequest, account_id: str) -> Access:
    """The signed-in person's access to the account, or Http404."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (login_required stands before)
    accounts = Account.objects.filter(pk=account_id).annotate(open_alerts=_open_alerts())
    if user.is_superuser:
        account = accounts.annotate(role=Value(Role.OWNER)).first()
    else:
        account = accounts.filter(memberships__user=user).annotate(role=F("memberships__role")).first()
    if account is None:
        raise Http404
    if request.session.get(LAST_ACCOUNT) != account.pk:
        request.session[LAST_ACCOUNT] = account.pk
    return Access(user=user, account=account, role=Role(account.role), open_alerts=account.open_alerts)


def _open_alerts() -> Coalesce:
    """How many the account has; part of a statement that is made anyway."""
    found = Alert.objects.open().filter(account=OuterRef("pk")).order_by().values("account")
    return Coalesce(Subquery(found.annotate(count=Count("pk")).values("count")), 0)


def accounts_of(user: User) -> list[Account]:
    """What the switcher offers, by name."""
    accounts = Account.objects.all() if user.is_superuser else Account.objects.filter(memberships__user=user)
    return list(accounts.order_by("name")[:SHOWN_ACCOUNTS])


def show(
    request: HttpRequest, access: Access, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page in the account's frame."""
    frame = {"access": access, "account": access.account, "accounts": accounts_of(access.user)}
    return render(request, f"dashboard/{template}", frame | context, status=status)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The time zone from the browser's cookie, else UTC."""
    name = request.COOKIES.get("timezone", "")
    return ZoneInfo(name if name in _zones() else "UTC")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
