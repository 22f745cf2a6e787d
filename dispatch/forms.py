"""A pixel as a form; the dashboard adds the fields it puts into people's words."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.json_document import Node, WrongField
from adtarget.core.secret_field import SecretField
from adtarget.provisioning import GOOGLE_OAUTH, GOOGLE_SERVICE_ACCOUNT, OPTION_READERS, PIXEL_ID
from dispatch.choices import PlatformSlug
from dispatch.models import Pixel


class PixelForm(forms.ModelForm):
    new_token = SecretField(
        label="Access token",
        help_text="Kept encrypted, never shown again. Google: the service-account key or "
        "{clientId, clientSecret, refreshToken} as JSON. Leave empty to keep the one that is stored.",
    )

    class Meta:
        model = Pixel
        fields = ("site", "platform", "pixel_id", "test_event_code", "options", "is_active")
        help_texts = {
            "options": "eventNames, conversionActions, defaultPhoneRegion, testPixel, limitedDataUse; all optional.",
            "is_active": "Off: no new sends are made, and those that wait are skipped.",
        }

    def clean_pixel_id(self) -> str:
        pixel_id: str = self.cleaned_data["pixel_id"].strip()
        if not PIXEL_ID.fullmatch(pixel_id):
            raise ValidationError("Letters, digits, - and _ only.")
        return pixel_id

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict):
            raise ValidationError('This is a JSON object, such as {"testPixel": true}.')
        if "credentials" in options:
            raise ValidationError("Credentials go into the field “Access token”, where they are kept encrypted.")
        try:
            for name, read in OPTION_READERS.items():
                if options.get(name) is not None:
                    read(Node(options[name], name))
        except WrongField as wrong:
            raise ValidationError(str(wrong)) from wrong
        return options

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        token = given.get("new_token", "")
        platform = given.get("platform") or self.instance.platform
        if not token and self.instance._state.adding:
            self.add_error("new_token", "A pixel needs its access token.")
        if token.startswith("{") and (problem := _problem_of_credentials(token, platform)):
            self.add_error("new_token", problem)
        return given

    def save(self, commit: bool = True) -> Pixel:
        if token := self.cleaned_data["new_token"]:
            self.instance.set_credential(token)
        saved: Pixel = super().save(commit)
        return saved


def _problem_of_credentials(text: str, platform: str) -> str:
    try:
        given = json.loads(text)
    except ValueError:
        return "This is no valid JSON."
    if platform != PlatformSlug.GOOGLE:
        return "Only Google takes JSON here."
    if not (set(GOOGLE_OAUTH) <= set(given) or set(GOOGLE_SERVICE_ACCOUNT) <= set(given)):
        return "A service-account key, or clientId, clientSecret and refreshToken are needed."
    return ""
