"""Several values at once."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


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
