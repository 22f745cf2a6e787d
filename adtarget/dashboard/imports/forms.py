"""Forms of an import: the file, and what its columns mean."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from adtarget.imports import mapping
from adtarget.imports.models import Import
from conversions.choices import EventType
from conversions.money import ACTIVE_CURRENCIES
from leads.models import Account, Channel

LABELS = {
    "telegramUserId": "Telegram id",
    "eventType": "Event",
    "customEventName": "Name of a custom event",
    "eventTime": "When it happened",
    "value": "Value",
    "currency": "Currency",
    "orderId": "Order id",
    "pii.email": "E-mail",
    "pii.phone": "Phone",
    "pii.firstName": "First name",
    "pii.lastName": "Last name",
    "externalUserId": "Your own id of the person",
    "siteId": "Site id",
    "channelId": "Channel id",
    "contentName": "Product",
    "clientIp": "IP address",
    "userAgent": "Browser (user agent)",
    "eventSourceUrl": "Page",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or JSON lines file",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,.jsonl,.ndjson"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise ValidationError(f"The file is over {settings.IMPORT_MAX_BYTES // 1_000_000} MB. Split it.")
        return file


class MappingForm(forms.Form):
    """One choice for each column, and what holds for every row."""

    channel = forms.ModelChoiceField(
        Channel.objects.none(),
        required=False,
        empty_label="As the row or the person's history says",
        label="Channel of rows that name none",
    )
    event_type = forms.ChoiceField(
        choices=[("", "As the row says"), *EventType.choices], required=False, label="Event of rows that name none"
    )
    currency = forms.ChoiceField(
        choices=[("", "As the row says"), *((code, code) for code in sorted(ACTIVE_CURRENCIES))],
        required=False,
        label="Currency of rows that name none",
    )
    is_history = forms.BooleanField(
        required=False,
        label="Only keep as history: send nothing to the platforms",
        help_text="For events that another tool has sent before.",
    )

    def __init__(self, account: Account, columns: list[str], work: Import, data: Any = None) -> None:
        super().__init__(data, initial=_chosen(work))
        self.columns = columns
        channels = Channel.objects.active().filter(site__account=account).select_related("site")
        cast(forms.ModelChoiceField, self.fields["channel"]).queryset = channels.order_by("site_id", "funnel_order")
        choices = [("", "Leave out"), *((name, LABELS.get(name, name)) for name in mapping.fields())]
        for number, column in enumerate(columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                choices=choices, required=False, label=column, initial=work.columns.get(column, "")
            )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        chosen = [name for name in self.meaning().values() if name]
        if twice := next((name for name in chosen if chosen.count(name) > 1), None):
            raise ValidationError(f"Two columns mean {LABELS.get(twice, twice)}. Leave one out.")
        if missing := mapping.missing(self.meaning(), self.fixed()):
            raise ValidationError(f"No column means {' or '.join(LABELS[name] for name in missing)}.")
        return given

    def meaning(self) -> dict[str, str]:
        """The field of each column that has one."""
        chosen = {column: self.cleaned_data.get(f"column_{number}", "") for number, column in enumerate(self.columns)}
        return {column: name for column, name in chosen.items() if name}

    def fixed(self) -> dict[str, str]:
        """The values that every row has alike."""
        channel = self.cleaned_data.get("channel")
        found = {"eventType": self.cleaned_data.get("event_type"), "currency": self.cleaned_data.get("currency")}
        if channel:
            found |= {"siteId": channel.site_id, "channelId": channel.pk}
        return {name: value for name, value in found.items() if value}

    def of_columns(self) -> list[forms.BoundField]:
        return [self[f"column_{number}"] for number in range(len(self.columns))]

    def of_every_row(self) -> list[forms.BoundField]:
        return [self[name] for name in ("channel", "event_type", "currency")]


def _chosen(work: Import) -> dict[str, Any]:
    fixed = work.fixed
    return {
        "channel": fixed.get("channelId"),
        "event_type": fixed.get("eventType"),
        "currency": fixed.get("currency"),
        "is_history": work.is_history,
    }
