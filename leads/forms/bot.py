"""A bot and its token."""

from django import forms
from django.core.exceptions import ValidationError

from leads.forms.fields import BotTokenField
from leads.models import Bot


class BotForm(forms.ModelForm):
    new_token = BotTokenField(label="Token", help_text="From @BotFather. Kept encrypted, never shown again.")

    class Meta:
        model = Bot
        fields = ("account", "username")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).removeprefix("@")

    def clean_new_token(self) -> str:
        token: str = self.cleaned_data["new_token"]
        if not token and self.instance._state.adding:
            raise ValidationError("A bot needs its token.")
        return token
