"""The filters of the list of channels."""

from typing import Any, cast

from django import forms
from django.http import Http404

from adtarget.dashboard.filters import PeriodForm
from leads.models import Account, Site


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
