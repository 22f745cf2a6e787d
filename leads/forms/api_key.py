"""An API key, of an account or one of its sites."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from leads import api_keys
from leads.choices import KeyMode
from leads.models import Account, ApiKey, Site


class KeyForm(forms.ModelForm):
    """A new key; `account` fixes whose it is, and leaves only that account's sites to choose."""

    class Meta:
        model = ApiKey
        fields = ("name", "mode", "site")
        help_texts = {"name": "Where it will be used, such as “shop backend”.", "site": ""}

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        modes = cast(forms.ChoiceField, self.fields["mode"])
        modes.choices = [(KeyMode.LIVE, "Live"), (KeyMode.TEST, "Test: counts nowhere")]
        site = cast(forms.ModelChoiceField, self.fields["site"])
        site.empty_label = "Every site of the account"
        if account is not None:
            self.instance.account = account
            site.queryset = Site.objects.filter(account=account)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        account, site = given.get("account") or getattr(self.instance, "account", None), given.get("site")
        if account and site and site.account_id != account.pk:
            self.add_error("site", "This site belongs to another account.")
        elif account and "site" not in self.errors:
            self._check_room(account, site)
        return given

    def _check_room(self, account: Account, site: Site | None) -> None:
        active = ApiKey.objects.active().filter(account=account, site=site)
        if active.count() >= api_keys.MOST_ACTIVE_KEYS:
            where = "site" if site else "account"
            raise ValidationError(
                f"This {where} has {api_keys.MOST_ACTIVE_KEYS} active keys already. Revoke one first."
            )
        if active.filter(name=self.cleaned_data.get("name"), mode=self.cleaned_data.get("mode")).exists():
            self.add_error("name", "An active key of this name exists already; was the form sent twice?")
