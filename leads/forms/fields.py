"""Fields of these forms: lists of words, and bot tokens."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from adtarget.core.secret_field import SecretField
from dispatch.page_urls import PARAMETER_NAME
from leads.domains import domain_of

BOT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{5,200}")
#: For what is typed as it is, such as names of hosts and chats.
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


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
        return read_domain(text)


class QueryParametersField(ListField):
    widget = forms.TextInput(attrs={"placeholder": "plan page", **PLAIN})
    separator = " "

    def word(self, text: str) -> str:
        if not PARAMETER_NAME.fullmatch(text):
            raise ValidationError(f"“{text[:60]}” is no name of a query parameter; it looks like plan.")
        return text


def read_domain(text: str) -> str:
    """Also out of a whole address, as it is copied from a browser."""
    host = re.sub(r"^https?://", "", text.strip(), flags=re.IGNORECASE).split("/")[0]
    try:
        return domain_of(host)
    except ValueError as error:
        raise ValidationError(f"“{text[:60]}” {error}") from error


class BotTokenField(SecretField):
    """A bot's token from @BotFather."""

    def clean(self, value: Any) -> str:
        token: str = super().clean(value)
        if token and not BOT_TOKEN.fullmatch(token):
            raise ValidationError("This is no bot token; it looks like 123456:AAE….")
        return token
