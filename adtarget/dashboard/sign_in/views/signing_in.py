"""Signing in with password and code, giving the password again, changing it, signing out."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from adtarget.dashboard.sign_in.forms import CodeForm, ConfirmForm, NewPasswordForm, SignInForm
from leads import second_step, sign_in


class SignIn(LoginView):
    template_name = "dashboard/sign_in/sign_in.html"
    authentication_form = SignInForm
    next_page = "dashboard:home"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponseRedirect:
        user = form.get_user()
        if second_step.is_on(user):
            sign_in.wait_for_code(self.request, user, next_page=self.get_success_url())
            return redirect("dashboard:sign-in-code")
        sign_in.sign_in(self.request, user)
        answer = redirect(self.get_success_url())
        sign_in.remember_browser(answer, user)
        return answer


@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step of the person whose password was right a moment ago."""
    waits = sign_in.who_waits(request)
    if waits is None:
        return redirect("dashboard:sign-in")
    user, next_page = waits
    form = CodeForm(user, request, request.POST or None)
    if form.is_valid():
        sign_in.sign_in(request, user)
        answer = redirect(next_page)
        sign_in.remember_browser(answer, user)
        return answer
    return render(request, "dashboard/sign_in/sign_in_code.html", {"form": form})


def sign_in_to_admin(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in of its own: it would know nothing of the second step."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('dashboard:sign-in')}?{request.GET.urlencode()}")


@never_cache
@login_required
def confirm(request: HttpRequest) -> HttpResponse:
    """Asks for the password again before keys and tokens, where it was given long ago."""
    user = cast(User, request.user)
    form = ConfirmForm(user, request, request.POST or None)
    if form.is_valid():
        sign_in.note_confirmed(request.session)
        return redirect(_wanted_page(request))
    return render(request, "dashboard/sign_in/confirm.html", {"form": form, "next": _wanted_page(request)})


class SignOut(LogoutView):
    next_page = "dashboard:sign-in"


class ChangePassword(PasswordChangeView):
    """Signs out every other session of the person: theirs hold a hash of the old password."""

    template_name = "dashboard/sign_in/password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("dashboard:you")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password was changed. You are signed out everywhere else.")
        answer = super().form_valid(form)
        sign_in.note_confirmed(self.request.session)
        return answer


def _wanted_page(request: HttpRequest) -> str:
    """`next` where it is an address of this server, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else resolve_url("dashboard:home")
