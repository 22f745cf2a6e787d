"""A form field for secrets: the page never holds the stored value."""

from typing import Any

from django import forms


class SecretField(forms.CharField):
    """Can be entered and never read back. Empty means: keep the stored one."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "class": "vTextField"})
        super().__init__(**{"widget": widget, "required": False, "strip": True, **options})
