"""A channel: what its joins mean and who is let in."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from conversions.choices import EventType
from conversions.money import parse_currency, parse_value
from leads import join_events
from leads.models import Channel


class ChannelForm(forms.ModelForm):
    """What a channel's joins mean and who is let in; refuses an event that cannot be recorded."""

    class Meta:
        model = Channel
        fields = (
            "event_type",
            "custom_event_name",
            "value",
            "currency",
            "auto_fire",
            "stay_hours",
            "uses_join_requests",
            "auto_approve",
            "is_default",
            "invite_link",
        )
        labels = {
            "event_type": "A join means",
            "custom_event_name": "Custom event's name",
            "auto_fire": "Send it at once",
            "stay_hours": "Hours to stay first",
            "uses_join_requests": "Use request links",
            "auto_approve": "Approve join requests automatically",
            "is_default": "The site's links lead here",
            "invite_link": "The channel's own link",
        }
        help_texts = {
            "custom_event_name": "For a custom event only.",
            "auto_fire": "Off: a purchase waits until somebody enters its value.",
            "stay_hours": "0: the event is sent as soon as they join. Who leaves earlier makes none.",
            "uses_join_requests": "People ask to join, and Telegram tells by which link. Off: one-person links.",
            "auto_approve": "Off: an administrator lets them in by hand.",
            "is_default": "Unless a link names another channel. One channel of a site is the default.",
            "invite_link": "Such as https://t.me/+AbC…: where people go while no link of their own is ready.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event_type" in self.fields:
            event_type = cast(forms.ChoiceField, self.fields["event_type"])
            event_type.choices = [("", "Nothing: joins are kept, and not sent"), *EventType.choices]
        if (value := self.initial.get("value")) is not None:
            self.initial["value"] = f"{value:.2f}" if value == round(value, 2) else f"{value.normalize():f}"
        if "currency" in self.fields:
            self.fields["currency"].widget.attrs |= {"list": "currencies", "autocapitalize": "characters"}

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip()
        try:
            return parse_currency(currency) if currency else ""
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_value(self) -> Decimal | None:
        value = self.cleaned_data["value"]
        try:
            return None if value is None else parse_value(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for column, problem in join_events.problems(given.get).items():
            if column not in self.errors:
                self.add_error(column, problem)
        site, bot = given.get("site") or getattr(self.instance, "site", None), given.get("bot")
        if bot and site and bot.account_id != site.account_id:
            self.add_error("bot", "This bot belongs to another account.")
        return given

    def _get_validation_exclusions(self) -> set[str]:
        """A second default is no mistake: it takes the place of the first."""
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]

    def save(self, commit: bool = True) -> Channel:
        with transaction.atomic():
            if commit and self.instance.is_default:
                join_events.make_room_for_default(self.instance)
            channel: Channel = super().save(commit)
            return channel
