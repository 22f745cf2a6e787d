"""The form of a postback: the few values of a known network, or an address of one's own."""

import json
from typing import Any
from urllib.parse import quote

from django import forms

from adtarget.core.json_document import Node, WrongField
from adtarget.dashboard.set_up.forms import PixelForm, field_name
from dispatch import pixel_options
from dispatch.platforms.postback import template
from dispatch.platforms.postback.presets import Need, Preset
from leads.forms import PLAIN

VALUE = "value_"  # begins the name of a field for a value of the network


class PostbackForm(PixelForm):
    """`preset` stands in the instance's options, or none does; both kinds show the filled address as it is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset = template.preset_of(self.instance.options)
        for name in ("preset", "parameters", *(("template", "only_with_click_id") if self.preset else ())):
            del self.fields[name]
        self.options = [option for option in self.options if field_name(option) in self.fields]
        if self.preset:
            self._add_values_of_network(self.preset)
        else:
            self.order_fields(["pixel_id", "template", "new_token", *self.fields])

    def _add_values_of_network(self, preset: Preset) -> None:
        known = self.instance.options.get("parameters") or {}
        if self.instance._state.adding:
            self.initial["pixel_id"] = self.instance.options["preset"]
        for need in preset.needs:
            if need.is_secret:
                kept = "" if self.instance._state.adding else " Empty: the stored one stays."
                self._say("new_token", need.label, f"{need.where} Kept encrypted, never shown.{kept}")
                continue
            widget = forms.TextInput(attrs=PLAIN)
            self.fields[VALUE + need.name] = forms.CharField(
                label=need.label, help_text=need.where, max_length=256, widget=widget
            )
            self.initial[VALUE + need.name] = known.get(need.name, "")
        if not preset.secret:
            del self.fields["new_token"]
        names = (VALUE + need.name for need in preset.needs)
        self.order_fields(["pixel_id", *names, "new_token", *self.fields])

    @property
    def rare_fields(self) -> list[forms.BoundField]:
        """Of a network everything but its values; else what few postbacks need."""
        return [self[field_name(option)] for option in self.options if self.preset or not option.is_common]

    @property
    def address(self) -> str:
        """The address for an example event, as far as it is known."""
        typed = {need.name: self[VALUE + need.name].value() or "" for need in self._shown_needs}
        own = {} if self.preset else {"template": self["template"].value() or ""}
        pattern = template.template_of({**self.instance.options, "parameters": typed, **own}, template.HIDDEN)
        parameters = dict.fromkeys(filter(template.is_parameter, template.macros_in(pattern)), "example")
        found = template.filled(pattern, template.EXAMPLES | parameters, template.HIDDEN)
        return found.replace(quote(template.HIDDEN), template.HIDDEN)

    @property
    def macros(self) -> list[str]:
        """What may stand in braces, beside parameters of the landing page."""
        return [*template.EXAMPLES, template.SECRET]

    @property
    def _shown_needs(self) -> list[Need]:
        return [need for need in self.preset.needs if not need.is_secret] if self.preset else []

    @property
    def live(self) -> dict[str, str]:
        """What the page's script needs to fill the address by itself."""
        examples = {**template.EXAMPLES, template.SECRET: template.HIDDEN}
        pattern = self.preset.template if self.preset else ""
        secret = self.preset.secret if self.preset else ""
        return {"template": pattern, "secret": secret, "examples": json.dumps(examples)}

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if self.preset:
            values = {need.name: given.get(VALUE + need.name, "").strip() for need in self._shown_needs}
            self.instance.options["parameters"] = {name: value for name, value in values.items() if value}
            if self.preset.secret and self.instance._state.adding and not given.get("new_token"):
                self.add_error("new_token", f"{self.preset.name} needs it.")
        if not self.errors:
            self._check_address()
        return given

    def _check_address(self) -> None:
        options = self.instance.options
        try:
            pixel_options.checked(Node(options), options, self.adapter)
        except WrongField as wrong:
            sentence = str(wrong).partition(": ")[2]
            first = VALUE + self._shown_needs[0].name if self._shown_needs else None
            self.add_error("template" if "template" in self.fields else first, sentence)
