"""The admin's site: its names, and the second step of signing in that an account asks for."""

from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists
from django.http import HttpRequest
from django.shortcuts import redirect
from django_otp.plugins.otp_totp.models import TOTPDevice

from leads.models import Account


class Site(admin.AdminSite):
    """Shows every account, so it asks for the second step as soon as one account does."""

    site_header = site_title = "AdTarget"
    index_title = "Operations"
    empty_value_display = "—"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def with_second_step(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if self.has_permission(request) and (account := _account_that_asks(request)):
                messages.warning(request, f"{account} asks for a second step at sign-in. Turn it on here.")
                return redirect("dashboard:you")
            return guarded(request, *args, **kwargs)

        return with_second_step


def _account_that_asks(request: HttpRequest) -> Account | None:
    """An account that asks for a second step where the signed-in person has none."""
    has_one = Exists(TOTPDevice.objects.filter(user=request.user.pk, confirmed=True))
    return Account.objects.filter(~has_one, requires_second_step=True).order_by("name").first()
