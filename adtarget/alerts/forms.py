"""The form of an account's alert settings, in the dashboard and in the admin."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from adtarget.alerts.choices import AlertKind
from adtarget.alerts.models import AlertSettings
from leads.models import Bot

MOST_ADDRESSES = 10
LARGEST_CHAT_ID = 2**52


class AlertForm(forms.ModelForm):
    """What is watched, and who is notified how."""

    watched = forms.MultipleChoiceField(
        label="Watch for", choices=AlertKind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    addresses = forms.CharField(
        label="E-mail addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text="One a line.",
    )

    class Meta:
        model = AlertSettings
        fields = (
            "failure_percent",
            "failure_least",
            "silence_hours",
            "values_hours",
            "telegram_bot",
            "telegram_chat_id",
        )
        labels = {
            "failure_percent": "Failed sends, in percent",
            "failure_least": "Of at least, sends an hour",
            "silence_hours": "Hours without an event",
            "values_hours": "Hours left for a value",
            "telegram_bot": "Telegram bot",
            "telegram_chat_id": "Telegram chat id",
        }
        help_texts = {
            "failure_least": "",
            "telegram_chat_id": "Of a person who pressed Start, or of a group with the bot: such as -1001234567890.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept: AlertSettings = self.instance
        self.initial["watched"] = [kind for kind in AlertKind.values if kept.watches(kind)]
        self.initial["addresses"] = "\n".join(kept.emails)
        if "telegram_bot" in self.fields:
            bots = cast(forms.ModelChoiceField, self.fields["telegram_bot"])
            bots.empty_label = "None"
            if kept.account_id:
                bots.queryset = Bot.objects.filter(account=kept.account_id).order_by("username")
        if "telegram_chat_id" in self.fields:
            self.fields["telegram_chat_id"].widget = forms.TextInput(
                attrs={"inputmode": "numeric", "autocomplete": "off"}
            )

    def clean_addresses(self) -> list[str]:
        addresses = list(dict.fromkeys(self.cleaned_data["addresses"].replace(",", " ").split()))
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(f"Give {MOST_ADDRESSES} at most; a mailing list is one.")
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError(f"“{address}” is no e-mail address.") from None
        return addresses

    def clean_telegram_chat_id(self) -> int | None:
        chat_id: int | None = self.cleaned_data["telegram_chat_id"]
        if chat_id is not None and not 0 < abs(chat_id) <= LARGEST_CHAT_ID:
            raise ValidationError("This is no chat id of Telegram.")
        return chat_id

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        bot, chat_id = given.get("telegram_bot"), given.get("telegram_chat_id")
        account = given["account"].pk if given.get("account") else self.instance.account_id
        if bot and bot.account_id != account:
            self.add_error("telegram_bot", "This bot belongs to another account.")
        if bot and chat_id is None and "telegram_chat_id" not in self.errors:
            self.add_error("telegram_chat_id", "Say in which chat the bot is to speak.")
        if chat_id is not None and not bot and "telegram_bot" not in self.errors:
            self.add_error("telegram_bot", "Choose the bot that is to speak there.")
        return given

    def save(self, commit: bool = True) -> AlertSettings:
        self.instance.muted = [kind for kind in AlertKind.values if kind not in self.cleaned_data["watched"]]
        self.instance.emails = self.cleaned_data["addresses"]
        saved: AlertSettings = super().save(commit)
        return saved
