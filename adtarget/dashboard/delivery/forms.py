"""The filters of the list of sends."""

from typing import Any, cast

from django import forms

from adtarget.dashboard.filters import FilterForm
from dispatch import reasons
from dispatch.choices import SendStatus
from dispatch.models import Pixel
from dispatch.platforms import registry
from leads.models import Account


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
