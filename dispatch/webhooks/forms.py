"""The form of a webhook, in the dashboard and in the admin."""

from django import forms

from dispatch.webhooks import endpoints, targets
from dispatch.webhooks.choices import SUBSCRIBABLE
from dispatch.webhooks.models import WebhookEndpoint


class WebhookForm(forms.ModelForm):
    url = forms.CharField(
        label="URL",
        max_length=targets.LONGEST_URL,
        widget=forms.TextInput(
            attrs={"type": "url", "placeholder": "https://shop.example/hooks", "spellcheck": "false"}
        ),
        help_text="Of your own server, over https.",
    )
    events = forms.MultipleChoiceField(
        label="Message types",
        choices=[(event.value, event.label) for event in SUBSCRIBABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing ticked: everything.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "events")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            endpoints.check(url)
        except targets.WrongTarget as error:
            raise forms.ValidationError(str(error)) from error
        return url

    def clean_events(self) -> list[str]:
        return sorted(self.cleaned_data["events"])
