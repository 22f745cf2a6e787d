"""What people type in: sign-in, a value, filters."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from adtarget.api import rate_limit
from adtarget.api.client_context import limit_group, peer_address


class SignInForm(AuthenticationForm):
    """Name and password, slowed down per name and per address: guessing takes years, typing wrong a minute."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Both are case-sensitive.",
        "throttled": "Too many attempts. Wait %(seconds)s seconds and try again.",
    }

    def clean(self) -> dict[str, Any]:
        address = limit_group(peer_address(self.request)) if self.request else "unknown"
        name = str(self.cleaned_data.get("username", "")).casefold()
        seconds = max(
            rate_limit.take(f"sign-in:{address}:{name}", per_minute=2, burst=6),
            rate_limit.take(f"sign-in:{address}", per_minute=10, burst=40),
        )
        if seconds:
            raise ValidationError(self.error_messages["throttled"], code="throttled", params={"seconds": seconds})
        return super().clean()


class PlainForm(forms.Form):
    """Fields without a colon, errors tied to them by Django's own aria attributes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
