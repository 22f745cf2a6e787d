"""Redirects from / to an account, and from an account to its first page."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from adtarget.dashboard.access import LAST_ACCOUNT, Access, accounts_of, page
from leads.choices import Role


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The account last looked at, else the first."""
    user = request.user
    accounts = accounts_of(user) if isinstance(user, User) else []
    if not accounts:
        return render(request, "dashboard/no_account.html")
    last = request.session.get(LAST_ACCOUNT)
    account = next((account for account in accounts if account.pk == last), accounts[0])
    return redirect("dashboard:account", account.pk)


@page()
def account_home(request: HttpRequest, access: Access) -> HttpResponse:
    """Staff come to enter values, the others for the figures."""
    return redirect("dashboard:values" if access.role == Role.STAFF else "dashboard:overview", access.account.pk)
