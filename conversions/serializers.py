"""Answers of the conversion endpoints."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from adtarget.api.fields import (
    AnswerSerializer,
    Moment,
    Money,
    TelegramId,
)
from conversions import left_out
from conversions.choices import API_SOURCES, ArrivalStatus, CapiStatus, EventType
from conversions.missing_signals import ALREADY_SENT
from conversions.models import Conversion
from conversions.recording import Recorded
from conversions.status import capi_status
from conversions.validating import Validated
from dispatch import reasons
from dispatch.match_quality import code_of
from dispatch.platforms.registry import choices
from dispatch.previews import NO_SIGNAL, Preview
from dispatch.serializers import SendAnswer

DUPLICATE = "duplicate"  # a platform that has the event already


def forecast_reasons() -> list[tuple[str, str]]:
    """Why a platform would not get an event: the reasons of sends, and two that keep a send from being made."""
    return [
        (NO_SIGNAL, "Nothing to attribute by"),
        (DUPLICATE, "The platform has the event already"),
        *reasons.choices(),
    ]


class ScheduledSend(serializers.Serializer):
    """A send that is on its way."""

    sendId = serializers.CharField(source="pk")
    platform = serializers.ChoiceField(choices=choices())


class LeftOutAnswer(serializers.Serializer):
    """An optional value that could not be used. The event went on without it."""

    field = serializers.CharField()
    code = serializers.ChoiceField(choices=left_out.codes())
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

    @extend_schema_field(serializers.ChoiceField(choices=ArrivalStatus.choices))
    def get_capiStatus(self, recorded: Recorded) -> str:
        return ArrivalStatus.PENDING if recorded.sends else ArrivalStatus.SKIPPED

    def get_dispatched(self, recorded: Recorded) -> bool:
        return bool(recorded.sends)

    def get_deduplicated(self, recorded: Recorded) -> bool | None:
        return recorded.is_duplicate or None

    def get_updatedExisting(self, recorded: Recorded) -> bool | None:
        return recorded.was_updated or None

    def get_warning(self, recorded: Recorded) -> str | None:
        return recorded.warning or None


@extend_schema_field({"$ref": "#/components/schemas/ErrorDetails"})
class BatchError(serializers.DictField):
    """Why an event of a batch was refused: as the single request would have said it."""


class BatchResult(serializers.Serializer):
    """What became of one event of a batch: what the single request would have answered, or its error."""

    index = serializers.IntegerField(help_text="The place of the event in the request, from 0.")
    status = serializers.IntegerField(help_text="The HTTP status that the single request would have had.")
    conversionId = serializers.CharField(required=False)
    capiStatus = serializers.ChoiceField(choices=CapiStatus.choices, required=False)
    coldLead = serializers.BooleanField(required=False)
    dispatched = serializers.BooleanField(required=False)
    deduplicated = serializers.BooleanField(required=False)
    updatedExisting = serializers.BooleanField(required=False)
    warning = serializers.CharField(required=False)
    warnings = LeftOutAnswer(many=True, required=False)
    siteId = serializers.CharField(required=False)
    channelId = serializers.CharField(required=False)
    eventId = serializers.CharField(required=False)
    sends = ScheduledSend(many=True, required=False)
    error = BatchError(required=False)
    idempotentReplay = serializers.BooleanField(
        required=False, help_text="True where the event's idempotencyKey was used before: this is the first answer."
    )
    idempotentMismatch = serializers.BooleanField(
        required=False, help_text="True where that first event was another one."
    )


class BatchAnswer(serializers.Serializer):
    """POST /events/batch: a result for each event, in order."""

    accepted = serializers.IntegerField(help_text="How many were taken.")
    failed = serializers.IntegerField(help_text="How many were refused.")
    results = BatchResult(many=True, help_text="One for each event, in the order of the request.")


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
    source = serializers.ChoiceField(choices=API_SOURCES, source="api_source")  # type: ignore[assignment]  # its name
    coldLead = serializers.BooleanField(source="is_cold")
    test = serializers.SerializerMethodField()
    awaitingManualInput = serializers.BooleanField(source="awaiting_manual_input")
    attributedAt = Moment(source="attributed_at")
    eventTime = Moment(source="event_time")
    eventValue = Money(source="value", allow_null=True)
    eventCurrency = serializers.SerializerMethodField()
    orderId = serializers.SerializerMethodField()
    warnings = LeftOutAnswer(many=True, source="left_out_or_none", allow_null=True)
    sends = SendAnswer(many=True)

    def get_customEventName(self, conversion: Conversion) -> str | None:
        return conversion.custom_event_name or None

    @extend_schema_field(serializers.ChoiceField(choices=CapiStatus.choices))
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
    nextCursor = serializers.CharField(allow_null=True, help_text="Of the next page; absent on the last.")


class PlatformForecast(AnswerSerializer):
    """What one pixel would get, and how well its platform could match the person."""

    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField(help_text="The platform's own id.")
    wouldSend = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=forecast_reasons(), allow_null=True, help_text="Why it would not be sent.")
    explanation = serializers.CharField(allow_null=True, help_text="The same as a sentence.")
    payload = serializers.DictField(allow_null=True, help_text="The event as the platform would get it.")
    matchKeys = serializers.ListField(child=serializers.CharField(), help_text="What the person can be found by.")
    missingKeys = serializers.ListField(child=serializers.CharField(), help_text="What would help, the best first.")
    matchQuality = serializers.FloatField(
        required=False,
        help_text="0 to 10, by the keys that are there; absent where it is unknown how the platform matches.",
    )


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
        "matchQuality": preview.quality.score / 10 if preview.quality.is_known else None,
    }
