"""Forms of signing in: password, code, new password. Every try takes from a rate limit."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from leads import second_step, sign_in

WRONG_CODE = "This code is not right, or was used already. Take the next one that your app shows."
CODE_HELP = "Six digits from your authenticator app, or a recovery code."


def refuse_too_many(request: HttpRequest | None, *, what: str, who: str) -> None:
    """Raises ValidationError where no try is left."""
    if seconds := sign_in.seconds_to_wait(request, what=what, who=who):
        raise ValidationError(f"Too many attempts. Wait {seconds} seconds and try again.", code="throttled")


def code_field() -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(label="Code", max_length=20, widget=forms.TextInput(attributes), help_text=CODE_HELP)


class SignInForm(AuthenticationForm):
    """Name and password; an address has a few tries for a name, and many for all names."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Both are case-sensitive.",
    }

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))
        refuse_too_many(self.request, what="sign-in", who=name)
        given = super().clean()
        sign_in.forget_tries(self.request, what="sign-in", who=name)
        return given


class CodeForm(forms.Form):
    """The second step."""

    code = code_field()

    def __init__(self, user: User, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        refuse_too_many(self.request, what="code", who=str(self.user.pk))
        if not second_step.check(self.user, code):
            raise ValidationError(WRONG_CODE)
        sign_in.forget_tries(self.request, what="code", who=str(self.user.pk))
        return code


class ConfirmForm(CodeForm):
    """The password once more, and a code where the second step is on."""

    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )
    field_order = ("password", "code")

    def __init__(self, user: User, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, request, *args, **kwargs)
        if not second_step.is_on(user):
            del self.fields["code"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(self.user, password, self.request)
        return password

    def clean_code(self) -> str:
        """A code is used up only beside the right password."""
        return super().clean_code() if "password" in self.cleaned_data else self.cleaned_data["code"]


class NewPasswordForm(PasswordChangeForm):
    """With the old one, of which an address has a few tries."""

    def __init__(self, user: User, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        check_password(self.user, password, self.request)
        return password


def check_password(user: Any, password: str, request: HttpRequest | None) -> None:
    """Raises ValidationError where it is wrong, or tried too often."""
    name = user.get_username()
    refuse_too_many(request, what="sign-in", who=name)
    if not user.check_password(password):
        raise ValidationError("This is not your password.")
    sign_in.forget_tries(request, what="sign-in", who=name)


class NewAppForm(forms.Form):
    """The first code of an app that was just set up."""

    code = code_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "Six digits, which the app shows now."
