"""Adding a person, changing a role, and asking for the second step."""

from django import forms

from leads.choices import Role


class NewPersonForm(forms.Form):
    who = forms.CharField(
        label="Username or e-mail",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.STAFF)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class SecondStepForm(forms.Form):
    is_required = forms.BooleanField(required=False)
