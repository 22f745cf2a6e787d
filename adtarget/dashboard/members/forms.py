"""Inviting a person, changing a role, and asking for the second step."""

from typing import Any

from django import forms
from django.conf import settings

from leads.choices import Role

_AS_TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class NewPersonForm(forms.Form):
    """With e-mail the link goes to the address; without, `who` only tells one invitation from another."""

    who = forms.CharField(label="Name or e-mail", max_length=150, widget=forms.TextInput(attrs=_AS_TYPED))
    role = forms.ChoiceField(choices=Role.choices, initial=Role.STAFF)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.EMAIL_IS_CONFIGURED:
            self.fields["who"] = forms.EmailField(
                label="E-mail", max_length=150, widget=forms.EmailInput(attrs=_AS_TYPED)
            )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class SecondStepForm(forms.Form):
    is_required = forms.BooleanField(required=False)
