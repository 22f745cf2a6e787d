"""The form of a pixel, shared by the dashboard and the admin."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.json_document import Node, WrongField
from adtarget.core.secret_field import SecretField
from dispatch import pixel_options
from dispatch.models import Pixel
from dispatch.platforms.base import Platform
from dispatch.platforms.registry import PLATFORMS, choices


class PixelForm(forms.ModelForm):
    platform = forms.ChoiceField(choices=choices)
    new_token = SecretField(
        label="Access token",
        help_text="Kept encrypted, never shown again. Google: the service-account key or "
        "{clientId, clientSecret, refreshToken} as JSON. Leave empty to keep the one that is stored.",
    )

    class Meta:
        model = Pixel
        fields = ("site", "platform", "pixel_id", "test_event_code", "options", "is_active")
        help_texts = {
            "options": "A JSON object; docs/pixels.md lists what each platform knows. All optional.",
            "is_active": "Off: no new sends are made, and those that wait are skipped.",
        }

    def clean_pixel_id(self) -> str:
        pixel_id: str = self.cleaned_data["pixel_id"].strip()
        if (platform := self._platform()) and (problem := pixel_options.pixel_id_problem(platform, pixel_id)):
            raise ValidationError(problem)
        return pixel_id

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict):
            raise ValidationError('This is a JSON object, such as {"testPixel": true}.')
        if pixel_options.CREDENTIALS in options:
            raise ValidationError("Credentials go into the field “Access token”, where they are kept encrypted.")
        if platform := self._platform():
            try:
                pixel_options.read_options(Node(options), platform)
            except WrongField as wrong:
                raise ValidationError(str(wrong)) from wrong
        return options

    def _platform(self) -> Platform | None:
        return PLATFORMS.get(self.cleaned_data.get("platform") or self.instance.platform)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        token = given.get("new_token", "")
        platform = self._platform()
        if not token and self.instance._state.adding and (platform is None or platform.needs_credential):
            self.add_error("new_token", "A pixel needs its access token.")
        if platform and (problem := pixel_options.credential_problem(platform, token)):
            self.add_error("new_token", problem)
        return given

    def save(self, commit: bool = True) -> Pixel:
        if token := self.cleaned_data.get("new_token"):
            self.instance.set_credential(token)
        saved: Pixel = super().save(commit)
        return saved
