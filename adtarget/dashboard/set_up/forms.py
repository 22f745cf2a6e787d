"""What people type in while they set up: sites, bots, channels, pixels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.json_document import Node, WrongField
from adtarget.core.secret_field import SecretField
from adtarget.provisioning import OPTION_READERS
from conversions.choices import EventType
from dispatch.choices import PlatformSlug
from dispatch.forms import PixelForm as PixelRules
from leads.domains import domain_of
from leads.forms import SiteRules, check_bot_token
from leads.models import Account, Bot, Site

CHAT = re.compile(r"-?[0-9]{1,16}|@?[A-Za-z]\w{3,63}", re.ASCII)
MOST_DOMAINS = 50
#: A join can be told of without further facts as these; the others are chosen on the channel's page.
JOIN_EVENTS = [(event, event.label) for event in EventType if event not in (EventType.CUSTOM, EventType.PURCHASE)]

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class AccountForm(forms.ModelForm):
    class Meta:
        model = Account
        fields = ("name",)
        help_texts = {"name": "Such as your company. Sites, people and keys belong to it."}


class SiteForm(SiteRules):
    allowed_domains = forms.CharField(
        label="Further domains",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text="One a line, where the landing page also stands elsewhere. Subdomains are allowed anyway.",
    )

    class Meta:
        model = Site
        fields = (
            "domain",
            "name",
            "allowed_domains",
            "default_phone_region",
            "ad_user_data_consent",
            "ad_personalization_consent",
        )
        labels = {
            "default_phone_region": "Country of phone numbers",
            "ad_user_data_consent": "May Google get user data?",
            "ad_personalization_consent": "May Google use it for personal ads?",
        }
        help_texts = {
            "domain": "Of your landing page, such as shop.example.",
            "name": "As people here call it. Empty: the domain.",
            "default_phone_region": "Two letters such as DE: where numbers without +49 belong.",
            "ad_user_data_consent": "What your visitors agreed to; Google asks for it in Europe.",
        }
        widgets = {"domain": forms.TextInput(attrs={"placeholder": "shop.example", **PLAIN})}

    def __init__(self, *args: Any, instance: Site, **kwargs: Any) -> None:
        initial = {"allowed_domains": "\n".join(instance.allowed_domains)}
        super().__init__(*args, **kwargs | {"instance": instance, "initial": initial})
        self.fields["name"].required = False
        for name in ("ad_user_data_consent", "ad_personalization_consent"):
            self.fields[name].widget = consent = forms.NullBooleanSelect()
            consent.choices = [("unknown", "Nobody said"), ("true", "Yes"), ("false", "No")]

    def clean_domain(self) -> str:
        domain = _domain(self.cleaned_data["domain"])
        others = Site.objects.filter(account=self.instance.account, domain=domain).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(f"{domain} is here already.")
        return domain

    def clean_allowed_domains(self) -> list[str]:
        domains = list(dict.fromkeys(map(_domain, self.cleaned_data["allowed_domains"].replace(",", " ").split())))
        if len(domains) > MOST_DOMAINS:
            raise ValidationError(f"Give {MOST_DOMAINS} at most.")
        return domains

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


class BotTokenForm(forms.Form):
    token = SecretField(
        label="Bot token", help_text="From @BotFather: /newbot, or /mybots → API token. Kept encrypted, never shown."
    )

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        check_bot_token(token)
        return token


class ChannelByHandForm(forms.Form):
    bot = forms.ModelChoiceField(Bot.objects.none(), empty_label=None)
    chat = forms.CharField(
        label="Channel",
        max_length=64,
        widget=forms.TextInput(attrs={"placeholder": "@name or -1001234567890", **PLAIN}),
        help_text="Its public name, or its id.",
    )
    event_type = forms.ChoiceField(label="A join means", choices=JOIN_EVENTS)

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bots = Bot.objects.filter(account=account).order_by("username")
        self.fields["bot"].queryset = bots  # type: ignore[attr-defined]

    def clean_chat(self) -> int | str:
        chat = self.cleaned_data["chat"].strip().removeprefix("https://t.me/")
        if not CHAT.fullmatch(chat):
            raise ValidationError("Write @name or the id, such as -1001234567890.")
        return int(chat) if chat.lstrip("-").isdigit() else f"@{chat.removeprefix('@')}"


# ------------------------------------------------------------------ pixels
@dataclass(frozen=True, slots=True)
class Words:
    """How a platform names what a pixel needs, and where people find it there."""

    pixel_id: str
    where_id: str
    token: str
    where_token: str
    where_test_code: str = ""


WORDS: Mapping[str, Words] = {
    PlatformSlug.META: Words(
        "Pixel id",
        "Events Manager → Data sources → your pixel → Settings. Digits.",
        "Conversions API token",
        "The same page → Conversions API → Generate access token.",
        "Events Manager → Test events. Only a pixel kept for tests sends it: Meta counts such events as well.",
    ),
    PlatformSlug.TIKTOK: Words(
        "Pixel code",
        "Events Manager → your pixel → Settings, such as C4ABCDEFGHIJKLMNOP.",
        "Events API token",
        "The same page → Events API → Generate access token.",
        "Events Manager → Test events. Test events carry it and count nowhere.",
    ),
    PlatformSlug.SNAPCHAT: Words(
        "Pixel id",
        "Events Manager → your pixel; it looks like 0f2e4d6c-8b0a-….",
        "Conversions API token",
        "Business settings → Conversions API tokens.",
    ),
    PlatformSlug.GOOGLE: Words(
        "Customer id",
        "The ten digits at the top of Google Ads.",
        "Credentials as JSON",
        'A service-account key, or {"clientId": …, "clientSecret": …, "refreshToken": …}.',
    ),
}


class PixelForm(PixelRules):
    """One form for every platform, in its own words; `platform` and `site` stand in the instance."""

    takes_tests = forms.BooleanField(
        label="Kept for tests",
        required=False,
        help_text="Test keys and test events go to it. Do not tick it on the pixel your ads learn from.",
    )
    conversion_actions = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Lead = 7654321", **PLAIN}),
        help_text="One a line: event = id of the conversion action. Google Ads → Goals → the action; its id is "
        "the ctId in the address. Events without one are skipped.",
    )
    event_names = forms.CharField(
        label="Other event names",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Lead = Contact", **PLAIN}),
        help_text="One a line: our event = the platform's. Empty: the platform's standard names.",
    )

    class Meta(PixelRules.Meta):
        fields = ("pixel_id", "test_event_code", "is_active")  # type: ignore[assignment]
        labels = {"is_active": "Events are sent to it"}

    field_order = ("pixel_id", "new_token", "conversion_actions", "test_event_code", "takes_tests", "event_names")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words, options = WORDS[self.instance.platform], self.instance.options
        self._say("pixel_id", words.pixel_id, words.where_id)
        kept = "" if self.instance._state.adding else " Empty: the stored one stays."
        self._say("new_token", words.token, f"{words.where_token} Kept encrypted, never shown.{kept}")
        self._say("test_event_code", "Test event code", words.where_test_code)
        self.initial.update(
            takes_tests=bool(options.get("testPixel")),
            conversion_actions=_lines(options.get("conversionActions")),
            event_names=_lines(options.get("eventNames")),
        )
        is_google, is_meta = self.instance.platform == PlatformSlug.GOOGLE, self.instance.platform == PlatformSlug.META
        unused = {
            "test_event_code": not words.where_test_code,
            "conversion_actions": not is_google,
            "event_names": is_google,
            "takes_tests": not is_meta,
            "is_active": self.instance._state.adding,
        }
        for name in [name for name, is_unused in unused.items() if is_unused]:
            del self.fields[name]

    def _say(self, name: str, label: str, help_text: str) -> None:
        self.fields[name].label, self.fields[name].help_text = label, help_text

    def clean_pixel_id(self) -> str:
        pixel_id = super().clean_pixel_id()
        if self.instance.platform == PlatformSlug.GOOGLE:
            pixel_id = pixel_id.replace("-", "")
        same = type(self.instance).objects.filter(
            site=self.instance.site, platform=self.instance.platform, pixel_id=pixel_id
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError("This site has it already.")
        return pixel_id

    def clean_conversion_actions(self) -> dict[str, str]:
        return _mapping(self.cleaned_data["conversion_actions"], "conversionActions")

    def clean_event_names(self) -> dict[str, str]:
        return _mapping(self.cleaned_data["event_names"], "eventNames")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        names = {"takes_tests": "testPixel", "conversion_actions": "conversionActions", "event_names": "eventNames"}
        told = {option: given[field] for field, option in names.items() if field in given}
        kept = {name: value for name, value in self.instance.options.items() if name not in told}
        self.instance.options = kept | {name: value for name, value in told.items() if value}
        return given


def _lines(mapping: Mapping[str, str] | None) -> str:
    return "\n".join(f"{name} = {value}" for name, value in (mapping or {}).items())


def _mapping(text: str, option: str) -> dict[str, str]:
    """`Lead = 123` a line; ValidationError names the line that is none."""
    pairs: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            raise ValidationError(f"“{line[:60]}” is no pair such as Lead = 7654321.")
        pairs[name] = value
    try:
        return dict(OPTION_READERS[option](Node(pairs, option)))
    except WrongField as wrong:
        raise ValidationError(str(wrong)) from wrong
