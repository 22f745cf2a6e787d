"""The set-up's own forms; those of sites, channels, bots, keys and pixels build on the apps' forms."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.json_document import Node, WrongField
from conversions.choices import EventType
from dispatch import pixel_options
from dispatch.forms import PixelForm as PixelRules
from dispatch.platforms.options import Option
from dispatch.platforms.registry import PLATFORMS
from leads.forms import PLAIN, BotTokenField
from leads.models import Account, Bot

CHAT = re.compile(r"-?[0-9]{1,16}|@?[A-Za-z]\w{3,63}", re.ASCII)
#: A join can be told of without further facts as these; the others are chosen on the channel's page.
JOIN_EVENTS = [(event, event.label) for event in EventType if event not in (EventType.CUSTOM, EventType.PURCHASE)]


class AccountForm(forms.ModelForm):
    class Meta:
        model = Account
        fields = ("name",)
        help_texts = {"name": "Such as your company. Sites, people and keys belong to it."}


class BotTokenForm(forms.Form):
    token = BotTokenField(
        label="Bot token",
        required=True,
        help_text="From @BotFather: /newbot, or /mybots → API token. Kept encrypted, never shown.",
    )


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
        self._say("new_token", words.credential, f"{words.where_credential} Kept encrypted, never shown.{kept}")
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
        self.order_fields(["pixel_id", "new_token", "test_event_code", *map(field_name, self.options)])

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
    if option.kind == "events":
        boxes = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=EventType.choices, widget=boxes, **words)
    if option.kind in ("mapping", "lines"):
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3, **hints}), **words)
    return forms.CharField(widget=forms.TextInput(attrs=hints), **words)


def _initial(option: Option, value: Any) -> Any:
    return pixel_options.as_lines(value) if option.kind == "mapping" else value


def _told(option: Option, typed: Any) -> Any:
    """The option's value as it is kept; None where nothing was typed. Raises ValueError or WrongField."""
    value = pixel_options.from_lines(typed or "") if option.kind == "mapping" else typed
    return option.read(Node(value, option.name)) if value else None
