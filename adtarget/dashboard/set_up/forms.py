"""What people type in while they set up: sites, bots, channels, pixels."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.json_document import Node, WrongField
from adtarget.core.secret_field import SecretField
from conversions.choices import EventType
from dispatch import pixel_options
from dispatch.forms import PixelForm as PixelRules
from dispatch.platforms.options import Option
from dispatch.platforms.registry import PLATFORMS
from leads.domains import domain_of
from leads.forms import SiteRules, check_bot_token, checked_query_parameters
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

    kept_query_parameters = forms.CharField(
        label="Parameters kept of URLs",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "plan page", **PLAIN}),
        help_text="Besides click ids and UTMs. Other parameters are dropped from URLs: they may be personal data.",
    )

    class Meta:
        model = Site
        fields = (
            "domain",
            "name",
            "allowed_domains",
            "kept_query_parameters",
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
        initial = {
            "allowed_domains": "\n".join(instance.allowed_domains),
            "kept_query_parameters": " ".join(instance.kept_query_parameters),
        }
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

    def clean_kept_query_parameters(self) -> list[str]:
        return checked_query_parameters(self.cleaned_data["kept_query_parameters"].replace(",", " ").split())

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
class PixelForm(PixelRules):
    """One form for every platform, in its own words; `platform` and `site` stand in the instance.

    The platform's options become fields of their own, named as in the JSON but in snake case.
    """

    class Meta(PixelRules.Meta):
        fields = ("pixel_id", "test_event_code", "is_active")  # type: ignore[assignment]
        labels = {"is_active": "Events are sent to it"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["platform"]
        self.adapter = PLATFORMS[self.instance.platform]
        words = self.adapter.words
        self._say("pixel_id", words.pixel_id, words.where_pixel_id)
        kept = "" if self.instance._state.adding else " Empty: the stored one stays."
        self._say("new_token", words.token, f"{words.where_token} Kept encrypted, never shown.{kept}")
        self._say("test_event_code", "Test event code", words.test_code)
        self.options = [option for option in self.adapter.options if option.is_on_form]
        for option in self.options:
            name = field_name(option)
            self.fields[name] = _option_field(option)
            self.initial[name] = _initial(option, self.instance.options.get(option.name))
        if not words.test_code:
            del self.fields["test_event_code"]
        if self.instance._state.adding:
            del self.fields["is_active"]
        self.order_fields(["pixel_id", "new_token", *map(field_name, self.options)])

    @property
    def common_fields(self) -> list[forms.BoundField]:
        """Those that are shown at once."""
        rare = {bound.name for bound in self.rare_fields}
        return [bound for bound in self if bound.name not in rare]

    @property
    def rare_fields(self) -> list[forms.BoundField]:
        """Options that few pixels need, shown under “More options”."""
        return [self[field_name(option)] for option in self.options if not option.is_common]

    @property
    def has_rare_errors(self) -> bool:
        return any(bound.errors for bound in self.rare_fields)

    def _say(self, name: str, label: str, help_text: str) -> None:
        self.fields[name].label, self.fields[name].help_text = label, help_text

    def clean_pixel_id(self) -> str:
        pixel_id = self.adapter.tidy_pixel_id(super().clean_pixel_id())
        same = type(self.instance).objects.filter(
            site=self.instance.site, platform=self.instance.platform, pixel_id=pixel_id
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError("This site has it already.")
        return pixel_id

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        told: dict[str, Any] = {}
        for option in self.options:
            try:
                told[option.name] = _told(option, given.get(field_name(option)))
            except (ValueError, WrongField) as wrong:
                self.add_error(field_name(option), str(wrong))
        kept = {name: value for name, value in self.instance.options.items() if name not in told}
        self.instance.options = kept | {name: value for name, value in told.items() if value}
        return given


def field_name(option: Option) -> str:
    """`eventNames` → `event_names`."""
    return re.sub(r"[A-Z]", lambda hit: f"_{hit[0].lower()}", option.name)


def _option_field(option: Option) -> forms.Field:
    words: dict[str, Any] = {"label": option.label, "help_text": option.help, "required": False}
    hints = {"placeholder": option.placeholder, **PLAIN}
    if option.kind == "flag":
        return forms.BooleanField(**words)
    if option.kind == "choice":
        return forms.ChoiceField(choices=option.choices, **words)
    if option.kind == "mapping":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3, **hints}), **words)
    return forms.CharField(widget=forms.TextInput(attrs=hints), **words)


def _initial(option: Option, value: Any) -> Any:
    return pixel_options.as_lines(value) if option.kind == "mapping" else value


def _told(option: Option, typed: Any) -> Any:
    """The option's value as it is kept; None where nothing was typed. Raises ValueError or WrongField."""
    value = pixel_options.from_lines(typed or "") if option.kind == "mapping" else typed
    return option.read(Node(value, option.name)) if value else None
