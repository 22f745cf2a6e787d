"""Events are validated as DRF would, over invented bodies."""

from typing import Any

import pytest
from hypothesis import given
from rest_framework import serializers

from adtarget.api.parsing import read_object
from adtarget.core.errors import ApiError
from conversions.requests import ConversionRequest, OnlyGiven
from tests.fuzz.effort import effort
from tests.fuzz.inputs import bodies

RIGHT = {
    "telegramUserId": 1,
    "eventType": "Purchase",
    "value": 5,
    "currency": "EUR",
    "channelId": "c",
    "siteId": "s",
    "pii": {"email": "ada@example.com", "phone": None},
    "clientIp": "203.0.113.9",
    "eventSourceUrl": "https://acme.example/",
    "customEventName": "x",
    "orderId": "1",
}


def outcome(body: dict[str, Any]) -> Any:
    try:
        return ConversionRequest().run_validation({name: value for name, value in body.items() if value is not None})
    except serializers.ValidationError as error:
        return error.detail


@given(bodies(RIGHT))
@effort(150)
def test_what_is_asked_is_what_drf_asks(body: bytes) -> None:

    try:
        data = read_object(body)
    except ApiError:
        return
    quick = outcome(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(OnlyGiven, "to_internal_value", serializers.Serializer.to_internal_value)
        patched.setattr(OnlyGiven, "run_validators", serializers.Serializer.run_validators)
        plain = outcome(data)
    assert _without_moments(quick) == _without_moments(plain)


def _without_moments(facts: Any) -> Any:
    """A time that is not given is now in both, but not the same now."""
    return {name: value for name, value in facts.items() if name != "event_time"} if isinstance(facts, dict) else facts
