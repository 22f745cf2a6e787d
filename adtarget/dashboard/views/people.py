"""Signing in and out, the password, and which account comes first."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy

from adtarget.dashboard.access import LAST_ACCOUNT, Access, accounts_of, page
from adtarget.dashboard.forms import SignInForm
from leads.choices import Role


class SignIn(LoginView):
    template_name = "dashboard/sign_in.html"
    authentication_form = SignInForm
    next_page = "dashboard:home"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    next_page = "dashboard:sign-in"


class ChangePassword(PasswordChangeView):
    template_name = "dashboard/password.html"
    success_url = reverse_lazy("dashboard:home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password was changed.")
        return super().form_valid(form)


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
