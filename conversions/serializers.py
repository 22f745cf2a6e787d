"""Requests and answers of the conversion endpoints; camelCase names exist only here."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from adtarget.api.fields import (
    Address,
    AnswerSerializer,
    Choice,
    ConsentField,
    Currency,
    Moment,
    Money,
    TelegramId,
    Text,
    WebUrl,
)
from adtarget.api.listing import ListQuery, MomentText
from adtarget.core.consent import read_said
from adtarget.core.times import milliseconds
from conversions import money
from conversions.choices import CapiStatus, EventType, Source
from conversions.facts import ClearPii, EventFacts
from conversions.identifiers import named
from conversions.left_out import unreadable_consent, usable_signals
from conversions.missing_signals import ALREADY_SENT
from conversions.models import Conversion
from conversions.recording import Recorded
from conversions.status import capi_status
from conversions.validating import Validated
from dispatch.choices import SendStatus
from dispatch.match_quality import code_of
from dispatch.platforms import registry
from dispatch.platforms.registry import choices
from dispatch.previews import Preview
from dispatch.serializers import SendAnswer
from tracker import click_ids

CLICK_ID_LENGTH = 2048
DUPLICATE = "duplicate"  # a platform that has the event already


class PiiRequest(serializers.Serializer):
    email = Text(required=False, max_length=512)
    phone = Text(required=False, max_length=512)
    firstName = Text(required=False, max_length=512, source="first_name")
    lastName = Text(required=False, max_length=512, source="last_name")

    def to_internal_value(self, data: Any) -> ClearPii:
        if data == []:  # an empty object of PHP
            data = {}
        if not isinstance(data, dict):
            raise serializers.ValidationError("This field must be an object.")
        given = {name: value for name, value in data.items() if value is not None}
        return ClearPii(**super().to_internal_value(given))


class EventRequest(serializers.Serializer):
    """The body of POST /leads/{telegramUserId}/events; it may repeat the person of the address."""

    telegramUserId = TelegramId(required=False, source="telegram_user_id")
    channelId = Text(required=False, max_length=64, source="channel_id")
    siteId = Text(required=False, max_length=64, source="site_id")
    websiteId = Text(required=False, max_length=64, source="website_id")
    eventType = Choice(choices=EventType.choices, source="event_type")
    customEventName = Text(required=False, source="custom_event_name", help_text="Required when eventType is Custom.")
    value = Money(
        required=False,
        help_text="Required for Purchase. Below 10^12, four places; never 0 in its currency.",
    )
    currency = Currency(required=False, help_text="Required for Purchase; active ISO 4217 code.")
    contentName = Text(required=False, max_length=512, source="content_name")
    orderId = Text(required=False, allow_blank=False, max_length=128, source="order_id")
    pii = PiiRequest(required=False)
    externalUserId = Text(required=False, max_length=512, source="external_user_id")
    eventTime = Moment(required=False, source="event_time", help_text="Unix milliseconds; now where absent.")
    fbc = Text(required=False, max_length=CLICK_ID_LENGTH)
    fbp = Text(required=False, max_length=CLICK_ID_LENGTH)
    gclid = Text(required=False, max_length=CLICK_ID_LENGTH)
    gbraid = Text(required=False, max_length=CLICK_ID_LENGTH)
    wbraid = Text(required=False, max_length=CLICK_ID_LENGTH)
    ttclid = Text(required=False, max_length=CLICK_ID_LENGTH)
    ttp = Text(required=False, max_length=CLICK_ID_LENGTH)
    sccid = Text(required=False, max_length=CLICK_ID_LENGTH)
    scCookie1 = Text(required=False, max_length=CLICK_ID_LENGTH, source="sc_cookie1")
    clientIp = Address(required=False, source="client_ip")
    userAgent = Text(required=False, max_length=1024, source="user_agent")
    eventSourceUrl = WebUrl(required=False, max_length=2048, source="event_source_url")
    consent = ConsentField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """And the click and browser ids of platforms that were added later."""
        later = {
            known.api_name: Text(
                required=False,
                max_length=CLICK_ID_LENGTH,
                source=known.field if known.field != known.api_name else None,
            )
            for known in registry.click_ids()
        }
        return later | super().get_fields()

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["event_type"] == EventType.CUSTOM:
            name = given.get("custom_event_name", "")
            if not name.strip() or len(name) > 40:
                raise serializers.ValidationError(
                    {"customEventName": "customEventName takes 1 to 40 characters and is required for Custom."}
                )
        else:
            given.pop("custom_event_name", None)
        require_both(given, required=given["event_type"] == EventType.PURCHASE)
        return given


class ConversionRequest(EventRequest):
    """The body of POST /events/conversion."""

    telegramUserId = TelegramId(source="telegram_user_id")


class ValueRequest(serializers.Serializer):
    value = Money()
    currency = Currency(allow_blank=False)
    pii = PiiRequest(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        require_both(given, required=True)
        return given


def require_both(given: dict[str, Any], *, required: bool) -> None:
    """Value and currency: both or neither, both for a Purchase, and worth something."""
    has_value, has_currency = given.get("value") is not None, bool(given.get("currency"))
    missing = {
        name: f"{name} is required {'for Purchase' if required else 'with the other of value and currency'}."
        for name, is_there in (("value", has_value), ("currency", has_currency))
        if not is_there and (required or has_value or has_currency)
    }
    if missing:
        raise serializers.ValidationError(missing)
    if has_value:
        try:
            money.require_worth(given["value"], given["currency"])
        except ValueError as error:
            raise serializers.ValidationError({"value": str(error)}) from error


def facts_of(given: dict[str, Any], *, client: tuple[str, str], now: datetime) -> EventFacts:
    """The validated body as facts; the forwarded client's headers win over the body's fields."""
    ip, user_agent = client
    signals, left_out = usable_signals(named(given) | named({"client_ip": ip, "user_agent": user_agent}))
    said, unreadable = read_said(given.get("consent", {}), at=milliseconds(now))
    left_out += map(unreadable_consent, unreadable)
    in_url = click_ids.in_address(given.get("event_source_url", ""))
    return EventFacts(
        event_type=EventType(given["event_type"]),
        occurred_at=given.get("event_time") or now,
        custom_event_name=given.get("custom_event_name", ""),
        value=given.get("value"),
        currency=given.get("currency", ""),
        content_name=given.get("content_name", ""),
        order_id=given.get("order_id", ""),
        external_user_id=given.get("external_user_id", ""),
        pii=given.get("pii") or ClearPii(),
        signals=signals,
        in_url={name: value for name, value in in_url.items() if name not in click_ids.UTMS},
        utms={name: value for name, value in in_url.items() if name in click_ids.UTMS},
        consent=said.as_json(),
        left_out=tuple(left_out),
    )


class ScheduledSend(serializers.Serializer):
    sendId = serializers.CharField(source="pk")
    platform = serializers.ChoiceField(choices=choices())


class LeftOutAnswer(serializers.Serializer):
    """An optional value that could not be used. The event went on without it."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ConversionAnswer(AnswerSerializer):
    """What became of the event; optional fields are present only when true."""

    conversionId = serializers.CharField(source="conversion.pk")
    capiStatus = serializers.SerializerMethodField()
    coldLead = serializers.BooleanField(source="is_cold")
    dispatched = serializers.SerializerMethodField()
    deduplicated = serializers.SerializerMethodField()
    updatedExisting = serializers.SerializerMethodField()
    warning = serializers.SerializerMethodField()
    warnings = LeftOutAnswer(many=True, source="left_out_or_none", allow_null=True)
    siteId = serializers.CharField(source="conversion.site_id")
    channelId = serializers.CharField(source="conversion.channel_id")
    eventId = serializers.CharField(source="conversion.event_id")
    sends = ScheduledSend(many=True)

    def get_capiStatus(self, recorded: Recorded) -> str:
        return CapiStatus.PENDING if recorded.sends else CapiStatus.SKIPPED

    def get_dispatched(self, recorded: Recorded) -> bool:
        return bool(recorded.sends)

    def get_deduplicated(self, recorded: Recorded) -> bool | None:
        return recorded.is_duplicate or None

    def get_updatedExisting(self, recorded: Recorded) -> bool | None:
        return recorded.was_updated or None

    def get_warning(self, recorded: Recorded) -> str | None:
        return recorded.warning or None


class ConversionQuery(ListQuery):
    """The filters of GET /conversions."""

    siteId = Text(required=False, max_length=64, source="site_id", help_text="Of this site.")
    channelId = Text(
        required=False, max_length=64, source="channel_id", help_text="Ours, or Telegram's, which starts with -."
    )
    telegramUserId = TelegramId(required=False, source="telegram_user_id", help_text="Of this person.")
    externalUserId = Text(
        required=False, max_length=512, source="external_user_id", help_text="Of the person with this id of yours."
    )
    orderId = Text(required=False, max_length=128, source="order_id", help_text="With this order id, whole.")
    eventType = Choice(required=False, choices=EventType.choices, source="event_type", help_text="Of this type.")
    capiStatus = Choice(
        required=False, choices=CapiStatus.choices, source="capi_status", help_text="In this state as a whole."
    )
    platform = Text(required=False, max_length=16, help_text="Has a send to this platform.")
    sendStatus = Choice(
        required=False, choices=SendStatus.choices, source="send_status", help_text="Has a send in this state."
    )
    reason = Text(required=False, max_length=32, help_text="Has a send that ended for this reason.")
    since = MomentText(required=False, help_text="Accepted at or after, in Unix milliseconds.")
    until = MomentText(required=False, help_text="Accepted before, in Unix milliseconds.")


class ConversionDetail(AnswerSerializer):
    """GET /conversions/{conversionId}: the conversion with its sends."""

    conversionId = serializers.CharField(source="pk")
    eventId = serializers.CharField(source="event_id")
    telegramUserId = TelegramId(source="telegram_user_id")
    siteId = serializers.CharField(source="site_id")
    channelId = serializers.CharField(source="channel_id")
    eventType = serializers.ChoiceField(choices=EventType.choices, source="event_type")
    customEventName = serializers.SerializerMethodField()
    capiStatus = serializers.SerializerMethodField()
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]  # the page's name for it
    coldLead = serializers.BooleanField(source="is_cold")
    test = serializers.SerializerMethodField()
    awaitingManualInput = serializers.BooleanField(source="awaiting_manual_input")
    attributedAt = Moment(source="attributed_at")
    eventTime = Moment(source="event_time")
    eventValue = Money(source="value")
    eventCurrency = serializers.SerializerMethodField()
    orderId = serializers.SerializerMethodField()
    warnings = LeftOutAnswer(many=True, source="left_out_or_none", allow_null=True)
    sends = SendAnswer(many=True)

    def get_customEventName(self, conversion: Conversion) -> str | None:
        return conversion.custom_event_name or None

    def get_capiStatus(self, conversion: Conversion) -> str:
        return capi_status(conversion)

    def get_test(self, conversion: Conversion) -> bool | None:
        return conversion.is_test or None

    def get_eventCurrency(self, conversion: Conversion) -> str | None:
        return conversion.currency or None

    def get_orderId(self, conversion: Conversion) -> str | None:
        return conversion.order_id or None


class ConversionsAnswer(AnswerSerializer):
    """GET /conversions: one page, newest first."""

    conversions = ConversionDetail(many=True)
    nextCursor = serializers.CharField(help_text="Of the next page; absent on the last.")


class PlatformForecast(AnswerSerializer):
    """What one pixel would get, and how well its platform could match the person."""

    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField(help_text="The platform's own id.")
    wouldSend = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True, help_text="Why it would not be sent.")
    explanation = serializers.CharField(allow_null=True, help_text="The same as a sentence.")
    payload = serializers.JSONField(allow_null=True, help_text="The event as the platform would get it.")
    matchKeys = serializers.ListField(child=serializers.CharField(), help_text="What the person can be found by.")
    missingKeys = serializers.ListField(child=serializers.CharField(), help_text="What would help, the best first.")
    matchQuality = serializers.FloatField(help_text="0 to 10, by the keys that are there.")


class ValidationAnswer(AnswerSerializer):
    """POST /events/validate: what the real call would make of the event."""

    valid = serializers.BooleanField(help_text="Always true; what the real call refuses is refused alike.")
    siteId = serializers.CharField()
    channelId = serializers.CharField()
    coldLead = serializers.BooleanField(help_text="Nothing is known of the person on this site.")
    duplicateOf = serializers.CharField(allow_null=True, help_text="The conversion that the event repeats.")
    wouldDispatch = serializers.BooleanField(help_text="At least one platform would get it.")
    warning = serializers.CharField(allow_null=True, help_text="Why nothing would be sent.")
    warnings = LeftOutAnswer(many=True, allow_null=True)
    platforms = PlatformForecast(many=True)


def forecast(validated: Validated) -> dict[str, Any]:
    """The facts of a ValidationAnswer."""
    recorded = validated.recorded
    return {
        "valid": True,
        "siteId": recorded.conversion.site_id,
        "channelId": recorded.conversion.channel_id,
        "coldLead": recorded.is_cold,
        "duplicateOf": recorded.conversion.pk if recorded.is_duplicate else None,
        "wouldDispatch": bool(validated.would_send),
        "warning": recorded.warning or None,
        "warnings": recorded.left_out_or_none,
        "platforms": [_platform_forecast(one, validated) for one in validated.platforms],
    }


def _platform_forecast(preview: Preview, validated: Validated) -> dict[str, Any]:
    would_send = preview.pixel.pk in validated.would_send
    reason = preview.reason or ("" if would_send else DUPLICATE)
    return {
        "platform": preview.pixel.platform,
        "pixelId": preview.pixel.pixel_id,
        "wouldSend": would_send,
        "reason": reason or None,
        "explanation": preview.problem or (ALREADY_SENT if reason else None),
        "payload": preview.payload,
        "matchKeys": list(map(code_of, preview.quality.present)),
        "missingKeys": [code_of(key) for key, _ in preview.quality.missing],
        "matchQuality": preview.quality.score / 10,
    }
