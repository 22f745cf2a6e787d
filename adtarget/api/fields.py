"""Strict serializer fields: a value of the wrong type is refused, never converted."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from adtarget.core import consent, exact_json
from adtarget.core.client_context import bare_address, is_address
from adtarget.core.times import EPOCH, milliseconds
from conversions import money
from leads.models.lead import LARGEST_TELEGRAM_ID

FURTHEST_AHEAD = timedelta(minutes=5)
FURTHEST_BACK = timedelta(days=730)
T = TypeVar("T")
_LARGEST_WHOLE = 10**40
_DIGITS = re.compile(r"[0-9]{1,20}")


_SURROGATES = ProhibitSurrogateCharactersValidator()


def _no_surrogates(value: object) -> None:
    """As DRF's validator, which looks at each character; text of ASCII has none to refuse."""
    if not (isinstance(value, str) and value.isascii()):
        _SURROGATES(value)


class Text(serializers.CharField):
    """A JSON string, kept as it is; '' means absent where the field is optional."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", not kwargs.get("required", True))
        super().__init__(trim_whitespace=False, **kwargs)
        self.validators = [
            _no_surrogates if isinstance(each, ProhibitSurrogateCharactersValidator) else each
            for each in self.validators
        ]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("This field must be a string.")
        return data


@extend_schema_field(OpenApiTypes.INT64)
class TelegramId(serializers.Field):
    """1 … 2^52-1, as a number or a string of digits."""

    def to_internal_value(self, data: Any) -> int:
        number = int(data) if isinstance(data, str) and _DIGITS.fullmatch(data) else _whole(data)
        if number is None:
            raise serializers.ValidationError("This field must be an integer or a string of digits.")
        if not 1 <= number <= LARGEST_TELEGRAM_ID:
            raise serializers.ValidationError("This field must be between 1 and 2^52-1.")
        return number

    def to_representation(self, value: int) -> int:
        return value


@extend_schema_field(OpenApiTypes.DOUBLE)
class Money(serializers.Field):
    """A JSON number; a decimal with four places inside."""

    def to_internal_value(self, data: Any) -> Decimal:
        return _checked(money.parse_value, data)

    def to_representation(self, value: Decimal) -> int | float | Decimal:
        return exact_json.number(value)


class Currency(Text):
    def to_internal_value(self, data: Any) -> str:
        return _checked(money.parse_currency, super().to_internal_value(data))


@extend_schema_field(OpenApiTypes.INT64)
class Moment(serializers.Field):
    """Unix milliseconds; at most 5 minutes ahead, at most 2 years back."""

    def to_internal_value(self, data: Any) -> datetime:
        data = _whole(data)
        if data is None:
            raise serializers.ValidationError("This field must be an integer of Unix milliseconds.")
        now = timezone.now()
        if data > milliseconds(now + FURTHEST_AHEAD):
            raise serializers.ValidationError(
                "This field is more than 5 minutes ahead. It takes Unix milliseconds, in UTC."
            )
        if data < milliseconds(now - FURTHEST_BACK):
            raise serializers.ValidationError(
                "This field is more than 2 years back. It takes Unix milliseconds, not seconds."
            )
        return min(EPOCH + timedelta(milliseconds=data), now)

    def to_representation(self, value: datetime) -> int:
        return milliseconds(value)


class Choice(serializers.ChoiceField):
    """One of a few strings; a refusal names them, and never repeats what was sent."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"This field must be one of {', '.join(map(str, self.choices))}.")
        return data


class Flag(serializers.BooleanField):
    """true or false; other values that could mean it are refused."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("This field must be true or false.")
        return data


class Address(Text):
    def to_internal_value(self, data: Any) -> str:
        text = bare_address(super().to_internal_value(data).strip())
        if text and not is_address(text):
            raise serializers.ValidationError("This field must be an IPv4 or IPv6 address.")
        return text


class WebUrl(Text):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            parts = urlsplit(text)
            is_web = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_web = False
        if text and not is_web:
            raise serializers.ValidationError("This field must be an http or https URL.")
        return text


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            **{name: {"type": "boolean"} for name in (*consent.QUESTIONS, "gdprApplies")},
            **{name: {"type": "string", "maxLength": consent.LONGEST_STRING} for name in consent.RAW_STRINGS},
            "consentMode": {
                "type": "object",
                "properties": {name: {"enum": ["granted", "denied"]} for name in sorted(consent.MODE_NAMES)},
            },
        },
        "example": {"ads": True, "userData": False},
    }
)
class ConsentField(serializers.Field):
    """What the person agreed to: `ads`, `userData`, `personalization` (true or false), `tcf`, `gpp` (strings),
    `gdprApplies`, and `consentMode` (Google's names: granted or denied). All optional; a no from any source wins.
    """

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("This field must be an object.")
        given = {name: value for name, value in data.items() if value is not None}
        for name in (*consent.QUESTIONS, "gdprApplies"):
            if not isinstance(given.get(name, True), bool):
                raise serializers.ValidationError(f"{name} must be true or false.")
        for name in consent.RAW_STRINGS:
            if not isinstance(given.get(name, ""), str) or len(given.get(name, "")) > consent.LONGEST_STRING:
                raise serializers.ValidationError(f"{name} must be a string of at most {consent.LONGEST_STRING}.")
        mode = given.get("consentMode", {})
        if not isinstance(mode, dict) or any(word not in ("granted", "denied") for word in mode.values()):
            raise serializers.ValidationError("consentMode must be an object of granted and denied.")
        known = {name: word for name, word in mode.items() if name in consent.MODE_NAMES}
        return {**given, "consentMode": known} if known else {n: v for n, v in given.items() if n != "consentMode"}

    def to_representation(self, value: Any) -> Any:
        return value


class AnswerSerializer(serializers.Serializer):
    """Base of all answers: fields that are None are left out."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: value for name, value in super().to_representation(instance).items() if value is not None}


class SuccessAnswer(serializers.Serializer):
    """The answer of an action without data."""

    success = serializers.BooleanField()


def _whole(data: Any) -> int | None:
    """The integer that a JSON number is, also where it is written as 1.0 (JSON Schema 2020-12, 4.2.3)."""
    if isinstance(data, Decimal) and abs(data) < _LARGEST_WHOLE and data == data.to_integral_value():
        return int(data)
    return data if isinstance(data, int) and not isinstance(data, bool) else None


def _checked(rule: Callable[[Any], T], data: Any) -> T:
    try:
        return rule(data)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error
