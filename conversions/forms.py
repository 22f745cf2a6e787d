"""The form that enters a conversion's value, for dashboard and admin."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from conversions import hashing, money
from conversions.facts import ClearPii

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

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if "value" in given and "currency" in given:
            try:
                money.require_worth(given["value"], given["currency"])
            except ValueError as error:
                self.add_error("value", str(error).replace("value must", "It must"))
        return given

    def pii(self) -> ClearPii:
        """What was typed of the person, in clear: pass it on, keep it nowhere."""
        return ClearPii(**{name: self.cleaned_data[name] for name in ("email", "phone", "first_name", "last_name")})
