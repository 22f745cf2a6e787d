"""The filters of the list of conversions."""

from typing import Any, cast

from django import forms

from adtarget.dashboard.filters import FilterForm
from conversions.choices import CapiStatus, EventType, Source
from leads.models import Account, Channel


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
