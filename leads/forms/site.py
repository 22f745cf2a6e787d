"""A site: its domains, the parameters it keeps, its visitors' consent."""

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError

from leads.forms.fields import PLAIN, DomainsField, QueryParametersField, read_domain
from leads.models import Site


class SiteForm(forms.ModelForm):
    allowed_domains = DomainsField(
        label="Further domains",
        required=False,
        help_text="One a line, where the landing page also stands elsewhere. Subdomains are allowed anyway.",
    )
    kept_query_parameters = QueryParametersField(
        label="Kept parameters",
        required=False,
        help_text="Of your pages' addresses, besides click ids and UTMs, such as a tracker's click id: kept as it is "
        "with the visit, for postbacks. Other parameters are dropped: they may be personal data.",
    )

    class Meta:
        model = Site
        fields = (
            "domain",
            "name",
            "allowed_domains",
            "kept_query_parameters",
            "default_phone_region",
            "consent_policy",
            "ad_user_data_consent",
            "ad_personalization_consent",
        )
        labels = {
            "default_phone_region": "Country of phone numbers",
            "consent_policy": "Visitors' consent",
            "ad_user_data_consent": "May Google get user data?",
            "ad_personalization_consent": "May Google use it for personal ads?",
        }
        help_texts = {
            "domain": "Of your landing page, such as shop.example.",
            "name": "As people here call it. Empty: the domain.",
            "default_phone_region": "Two letters such as DE: where numbers without +49 belong.",
            "consent_policy": "Whether what visitors said in your consent banner decides what is sent.",
            "ad_user_data_consent": "What your visitors agreed to; Google asks for it in Europe.",
        }
        widgets = {"domain": forms.TextInput(attrs={"placeholder": "shop.example", **PLAIN})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].required = False
        for name in ("ad_user_data_consent", "ad_personalization_consent"):
            if name in self.fields:
                self.fields[name].widget = consent = forms.NullBooleanSelect()
                consent.choices = [("unknown", "Not asked"), ("true", "Yes"), ("false", "No")]

    def clean_domain(self) -> str:
        domain = read_domain(self.cleaned_data["domain"])
        account = self.instance.account_id or self.cleaned_data.get("account")
        if Site.objects.filter(account=account, domain=domain).exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"{domain} is here already.")
        return domain

    def clean_default_phone_region(self) -> str:
        region: str = self.cleaned_data["default_phone_region"].upper()
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError("This is no country; write two letters such as DE.")
        return region

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given["name"] = given.get("name") or given.get("domain", "")
        return given
