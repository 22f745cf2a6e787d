"""What people type in: a value, filters."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404

from adtarget.dashboard.periods import LONGEST, Period, last_days, midnight
from conversions import hashing, money
from conversions.choices import CapiStatus, EventType, Source
from conversions.facts import ClearPii
from dispatch import reasons
from dispatch.choices import SendStatus
from dispatch.models import Pixel
from dispatch.platforms import registry
from leads.choices import KeyMode
from leads.forms import ChannelForm
from leads.models import Account, Channel, Site

DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")  # 1,234 might be a thousand and more: that is asked back


class ValueForm(forms.Form):
    """What a conversion was worth, and what its platforms may know the person by."""

    value = forms.CharField(
        max_length=32,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "49.90"}),
    )
    currency = forms.CharField(
        max_length=3,
        min_length=3,
        widget=forms.TextInput(attrs={"list": "currencies", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    email = forms.EmailField(label="E-mail", required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "placeholder": "+49 30 1234567"}),
    )
    first_name = forms.CharField(required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    last_name = forms.CharField(required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, region: str = "", **kwargs: Any) -> None:
        """`region` is where a phone number without country code belongs."""
        super().__init__(*args, **kwargs)
        self.region = region

    def clean_value(self) -> Decimal:
        written = self.cleaned_data["value"].replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
        if DECIMAL_COMMA.fullmatch(written):
            written = written.replace(",", ".")
        try:
            return money.parse_value(Decimal(written))
        except InvalidOperation:
            raise ValidationError("Write a number such as 1234.50.") from None
        except ValueError as error:
            raise ValidationError(str(error).replace("value must", "It must")) from None

    def clean_currency(self) -> str:
        try:
            return money.parse_currency(self.cleaned_data["currency"])
        except ValueError:
            raise ValidationError("Write an ISO 4217 code, such as EUR or USD.") from None

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if phone and not hashing.phone_digits(phone, self.region):
            raise ValidationError("Write it with its country code, such as +49 30 1234567.")
        return phone

    def pii(self) -> ClearPii:
        """What was typed of the person, in clear: pass it on, keep it nowhere."""
        return ClearPii(**{name: self.cleaned_data[name] for name in ("email", "phone", "first_name", "last_name")})


class PasteForm(forms.Form):
    """Several values at once, pasted or as a file."""

    text = forms.CharField(
        label="Rows",
        required=False,
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One row each: conversion id or Telegram id, value, currency; then, if known, e-mail, phone, "
        "first name, last name. Separated by commas, semicolons or tabs; a first row of column names is understood.",
    )
    file = forms.FileField(
        label="or a CSV file", required=False, widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"})
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if file := given.get("file"):
            if file.size > 200_000:
                raise ValidationError("The file is over 200 kB. Split it.")
            try:
                given["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from None
        if not given.get("text", "").strip():
            raise ValidationError("Paste rows or choose a file.")
        return given


class FilterForm(forms.Form):
    """Filters in the address; an id of another account's thing is as wrong as one of nothing."""

    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    #: Filters whose values are ids of the account's things.
    ids: ClassVar[Sequence[str]] = ()

    def wanted(self) -> dict[str, Any]:
        """What is asked for, in the viewer's days; Http404 where an id is not the account's."""
        if not self.is_valid() and any(name in self.errors for name in self.ids):
            raise Http404
        wanted = dict(self.cleaned_data)
        since, until = wanted.get("since"), wanted.get("until")
        wanted["since"] = midnight(since) if since else None
        wanted["until"] = midnight(until + timedelta(days=1)) if until else None
        return wanted


class ConversionFilter(FilterForm):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=512,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Telegram id, @name, external, event, order id"}
        ),
    )
    channel = forms.ModelChoiceField(Channel.objects.none(), required=False, empty_label="All")
    event_type = forms.ChoiceField(label="Event", choices=[("", "All"), *EventType.choices], required=False)
    status = forms.ChoiceField(choices=[("", "All"), *CapiStatus.choices], required=False)
    source = forms.ChoiceField(choices=[("", "All"), *Source.choices], required=False)
    ids = ("channel",)
    field_order = ("q", "channel", "event_type", "status", "source", "since", "until")

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = Channel.objects.filter(site__account=account).order_by("site_id", "funnel_order", "title")
        cast(forms.ModelChoiceField, self.fields["channel"]).queryset = channels


class SendFilter(FilterForm):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=512,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Send, event or order id, Telegram id"}),
    )
    status = forms.ChoiceField(choices=[("", "All"), *SendStatus.choices], required=False)
    reason = forms.ChoiceField(choices=lambda: [("", "All"), *reasons.choices()], required=False)
    platform = forms.ChoiceField(choices=lambda: [("", "All"), *registry.choices()], required=False)
    pixel = forms.ModelChoiceField(Pixel.objects.none(), required=False, empty_label="All")
    ids = ("pixel",)
    field_order = ("q", "status", "reason", "platform", "pixel", "since", "until")

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pixels = Pixel.objects.filter(site__account=account).order_by("platform", "pixel_id")
        cast(forms.ModelChoiceField, self.fields["pixel"]).queryset = pixels


class PeriodForm(forms.Form):
    """The last days, or from a day to another."""

    days = forms.TypedChoiceField(
        label="Period",
        choices=[("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("", "From … to …")],
        required=False,
        coerce=int,
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        if not given.get("days") and since and until and not 0 <= (until - since).days < LONGEST:
            raise ValidationError(f"Choose from 1 to {LONGEST} days, the first before the last.")
        return given

    def period(self, *, now: datetime) -> Period:
        """What is asked for; thirty days where that is unclear."""
        given = self.cleaned_data if self.is_valid() else {}
        since, until = given.get("since"), given.get("until")
        if not given.get("days") and since and until:
            return Period(since, until)
        return last_days(given.get("days") or 30, now=now)


class KeyForm(forms.Form):
    name = forms.CharField(max_length=200, help_text="Where it will be used, such as “shop backend”.")
    mode = forms.ChoiceField(choices=[(KeyMode.LIVE, "Live"), (KeyMode.TEST, "Test: counts nowhere")])
    site = forms.ModelChoiceField(Site.objects.none(), required=False, empty_label="Every site of the account")

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["site"]).queryset = Site.objects.filter(account=account)


class ChannelFilter(PeriodForm):
    """Which channels, and the days their figures are of."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Title, @name or id"}),
    )
    site = forms.ModelChoiceField(Site.objects.none(), required=False, empty_label="All")
    state = forms.ChoiceField(
        choices=[("", "Active"), ("archived", "Archived"), ("all", "All")], required=False, label="State"
    )
    field_order = ("q", "site", "state", "days", "since", "until")

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(account=account).order_by("domain")
        cast(forms.ModelChoiceField, self.fields["site"]).queryset = sites

    def wanted(self) -> dict[str, Any]:
        """Http404 where the site is not the account's."""
        if not self.is_valid() and "site" in self.errors:
            raise Http404
        return self.cleaned_data


class ChannelSettingsForm(ChannelForm):
    """What a channel's joins mean and who is let in."""

    class Meta(ChannelForm.Meta):
        fields = (  # type: ignore[assignment]
            *ChannelForm.Meta.fields,
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
            "auto_approve": "Let in whoever asks",
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
        event_type = cast(forms.ChoiceField, self.fields["event_type"])
        event_type.choices = [("", "Nothing: joins are kept, and not sent"), *EventType.choices]
        if (value := self.initial.get("value")) is not None:
            self.initial["value"] = f"{value:.2f}" if value == round(value, 2) else f"{value.normalize():f}"
        self.fields["currency"].widget.attrs |= {"list": "currencies", "autocapitalize": "characters"}
