"""Rules of sites, bots and channels as forms; the admin and the dashboard add the fields they let people change."""

import re
from decimal import Decimal
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from adtarget.core.page_urls import PARAMETER_NAME
from conversions.money import parse_currency, parse_value
from leads import join_events
from leads.models import Channel

MOST_QUERY_PARAMETERS = 50
BOT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{5,200}")


def check_bot_token(token: str) -> None:
    if not BOT_TOKEN.fullmatch(token):
        raise ValidationError("This is no bot token; it looks like 123456:AAE….")


def checked_query_parameters(names: list[str]) -> list[str]:
    """Each name once. Raises ValidationError for what is no name of a query parameter."""
    for name in names:
        if not PARAMETER_NAME.fullmatch(name):
            raise ValidationError(f"“{name[:60]}” is no name of a query parameter; it looks like plan.")
    if len(names) > MOST_QUERY_PARAMETERS:
        raise ValidationError(f"Give {MOST_QUERY_PARAMETERS} at most.")
    return list(dict.fromkeys(names))


class SiteRules(forms.ModelForm):
    def clean_default_phone_region(self) -> str:
        region: str = self.cleaned_data["default_phone_region"].upper()
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError("This is no country; write two letters such as DE.")
        return region


class ChannelForm(forms.ModelForm):
    """Refuses a channel whose joins would mean an event that cannot be recorded."""

    class Meta:
        model = Channel
        fields = ("event_type", "custom_event_name", "value", "currency", "auto_fire")

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
