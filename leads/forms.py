"""Forms of sites, channels, bots and API keys: one for each model, in the dashboard and in the admin."""

import re
from decimal import Decimal
from typing import Any, cast

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from adtarget.core.secret_field import SecretField
from conversions.choices import EventType
from conversions.money import parse_currency, parse_value
from dispatch.page_urls import PARAMETER_NAME
from leads import api_keys, join_events
from leads.choices import KeyMode
from leads.domains import domain_of
from leads.models import Account, ApiKey, Bot, Channel, Site

BOT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{5,200}")
#: For what is typed as it is, such as names of hosts and chats.
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


# ------------------------------------------------------------------ sites
class ListField(forms.Field):
    """Words as one text, a list in and out; subclasses say what a word may be."""

    separator = "\n"
    most = 50

    def prepare_value(self, value: Any) -> Any:
        return self.separator.join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        found = list(dict.fromkeys(map(self.word, (value or "").replace(",", " ").split())))
        if len(found) > self.most:
            raise ValidationError(f"Give {self.most} at most.")
        return found

    def word(self, text: str) -> str:
        """The word as it is kept, or ValidationError."""
        return text

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != (data or "").replace(",", " ").split()


class DomainsField(ListField):
    widget = forms.Textarea(attrs={"rows": 2, **PLAIN})

    def word(self, text: str) -> str:
        return _domain(text)


class QueryParametersField(ListField):
    widget = forms.TextInput(attrs={"placeholder": "plan page", **PLAIN})
    separator = " "

    def word(self, text: str) -> str:
        if not PARAMETER_NAME.fullmatch(text):
            raise ValidationError(f"“{text[:60]}” is no name of a query parameter; it looks like plan.")
        return text


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
        domain = _domain(self.cleaned_data["domain"])
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


def _domain(text: str) -> str:
    """Also out of a whole address, as it is copied from a browser."""
    host = re.sub(r"^https?://", "", text.strip(), flags=re.IGNORECASE).split("/")[0]
    try:
        return domain_of(host)
    except ValueError as error:
        raise ValidationError(f"“{text[:60]}” {error}") from error


# ------------------------------------------------------------------ channels
class ChannelForm(forms.ModelForm):
    """What a channel's joins mean and who is let in; refuses an event that cannot be recorded."""

    class Meta:
        model = Channel
        fields = (
            "event_type",
            "custom_event_name",
            "value",
            "currency",
            "auto_fire",
            "stay_hours",
            "uses_join_requests",
            "auto_approve",
            "is_default",
            "invite_link",
        )
        labels = {
            "event_type": "A join means",
            "custom_event_name": "Custom event's name",
            "auto_fire": "Send it at once",
            "stay_hours": "Hours to stay first",
            "uses_join_requests": "Use request links",
            "auto_approve": "Approve join requests automatically",
            "is_default": "The site's links lead here",
            "invite_link": "The channel's own link",
        }
        help_texts = {
            "custom_event_name": "For a custom event only.",
            "auto_fire": "Off: a purchase waits until somebody enters its value.",
            "stay_hours": "0: the event is sent as soon as they join. Who leaves earlier makes none.",
            "uses_join_requests": "People ask to join, and Telegram tells by which link. Off: one-person links.",
            "auto_approve": "Off: an administrator lets them in by hand.",
            "is_default": "Unless a link names another channel. One channel of a site is the default.",
            "invite_link": "Such as https://t.me/+AbC…: where people go while no link of their own is ready.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event_type" in self.fields:
            event_type = cast(forms.ChoiceField, self.fields["event_type"])
            event_type.choices = [("", "Nothing: joins are kept, and not sent"), *EventType.choices]
        if (value := self.initial.get("value")) is not None:
            self.initial["value"] = f"{value:.2f}" if value == round(value, 2) else f"{value.normalize():f}"
        if "currency" in self.fields:
            self.fields["currency"].widget.attrs |= {"list": "currencies", "autocapitalize": "characters"}

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip()
        try:
            return parse_currency(currency) if currency else ""
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_value(self) -> Decimal | None:
        value = self.cleaned_data["value"]
        try:
            return None if value is None else parse_value(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for column, problem in join_events.problems(given.get).items():
            if column not in self.errors:
                self.add_error(column, problem)
        site, bot = given.get("site") or getattr(self.instance, "site", None), given.get("bot")
        if bot and site and bot.account_id != site.account_id:
            self.add_error("bot", "This bot belongs to another account.")
        return given

    def _get_validation_exclusions(self) -> set[str]:
        """A second default is no mistake: it takes the place of the first."""
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]

    def save(self, commit: bool = True) -> Channel:
        with transaction.atomic():
            if commit and self.instance.is_default:
                join_events.make_room_for_default(self.instance)
            channel: Channel = super().save(commit)
            return channel


# ------------------------------------------------------------------ bots
class BotTokenField(SecretField):
    """A bot's token from @BotFather."""

    def clean(self, value: Any) -> str:
        token: str = super().clean(value)
        if token and not BOT_TOKEN.fullmatch(token):
            raise ValidationError("This is no bot token; it looks like 123456:AAE….")
        return token


class BotForm(forms.ModelForm):
    new_token = BotTokenField(label="Token", help_text="From @BotFather. Kept encrypted, never shown again.")

    class Meta:
        model = Bot
        fields = ("account", "username")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).removeprefix("@")

    def clean_new_token(self) -> str:
        token: str = self.cleaned_data["new_token"]
        if not token and self.instance._state.adding:
            raise ValidationError("A bot needs its token.")
        return token


# ------------------------------------------------------------------ API keys
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
