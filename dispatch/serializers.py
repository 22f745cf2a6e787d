"""Answers about sends and pixels."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from adtarget.api.fields import AnswerSerializer, Choice, Moment, Text
from adtarget.api.listing import ListQuery, MomentText
from adtarget.core.times import milliseconds
from dispatch import explaining, reasons
from dispatch.choices import Counted, Outcome, SendStatus
from dispatch.models import Attempt, Pixel, Receipt, Send
from dispatch.platforms.registry import choices


class SendError(AnswerSerializer):
    """What the platform said of the last try."""

    code = serializers.CharField(source="error_code")
    message = serializers.CharField(source="error_message")
    traceId = serializers.SerializerMethodField()

    def get_traceId(self, send: Send) -> str | None:
        return send.error_trace_id or None


class SendAnswer(AnswerSerializer):
    """One send: where it is and, where it is not sent, why."""

    sendId = serializers.CharField(source="pk")
    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField(source="pixel.pixel_id")
    status = serializers.ChoiceField(choices=SendStatus.choices)
    reason = serializers.SerializerMethodField(help_text="Why it ended unsent.")
    attempts = serializers.IntegerField()
    nextAttemptAt = serializers.SerializerMethodField()
    sentAt = serializers.SerializerMethodField()
    lastError = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=reasons.choices(), allow_null=True))
    def get_reason(self, send: Send) -> str | None:
        return send.reason or None

    def get_nextAttemptAt(self, send: Send) -> int | None:
        """While a worker has the send there is no next attempt yet."""
        return milliseconds(send.due_at) if send.due_at and not send.claim else None

    def get_sentAt(self, send: Send) -> int | None:
        return milliseconds(send.sent_at) if send.sent_at else None

    @extend_schema_field(SendError(allow_null=True))
    def get_lastError(self, send: Send) -> dict[str, Any] | None:
        return dict(SendError(send).data) if send.error_code else None


class DiagnosticsAnswer(AnswerSerializer):
    """What the platform said later of the whole request: counts per reason, never per event."""

    status = serializers.ChoiceField(choices=Counted.choices, source="counted")
    reasons = serializers.DictField(child=serializers.IntegerField())
    checkedAt = Moment(source="checked_at", allow_null=True)
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, receipt: Receipt) -> str:
        return explaining.explain_receipt(receipt)


class AttemptAnswer(AnswerSerializer):
    """One try, without the payload: hashes and addresses stay inside."""

    number = serializers.IntegerField()
    startedAt = Moment(source="started_at")
    durationMs = serializers.IntegerField(source="duration_ms", allow_null=True)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    httpStatus = serializers.IntegerField(source="http_status", allow_null=True)
    code = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()
    traceId = serializers.SerializerMethodField()
    batchSize = serializers.IntegerField(source="batch_size")
    notes = serializers.SerializerMethodField()
    diagnostics = DiagnosticsAnswer(source="receipt", allow_null=True)

    def get_notes(self, attempt: Attempt) -> list[str] | None:
        """What was left out of the event, and why."""
        return attempt.notes or None

    def get_code(self, attempt: Attempt) -> str | None:
        return attempt.code or None

    def get_message(self, attempt: Attempt) -> str | None:
        return attempt.message or None

    def get_traceId(self, attempt: Attempt) -> str | None:
        return attempt.trace_id or None


class SendQuery(ListQuery):
    """The filters of GET /sends."""

    siteId = Text(required=False, max_length=64, source="site_id", help_text="Of this site.")
    platform = Text(required=False, max_length=16, help_text="To this platform.")
    status = Choice(required=False, choices=SendStatus.choices, help_text="In this state.")
    reason = Text(required=False, max_length=32, help_text="Ended for this reason.")
    since = MomentText(required=False, help_text="Made at or after, in Unix milliseconds.")
    until = MomentText(required=False, help_text="Made before, in Unix milliseconds.")


class RetryRequest(serializers.Serializer):
    """Which ended sends to try again; all that is given must match."""

    siteId = Text(required=False, max_length=64, source="site_id", help_text="Of this site.")
    platform = Choice(required=False, choices=choices(), help_text="To this platform.")
    status = Choice(
        required=False,
        choices=[(status.value, status.label) for status in (SendStatus.FAILED, SendStatus.SKIPPED)],
        default=SendStatus.FAILED.value,
        help_text="In this state: failed or skipped.",
    )
    reason = Text(required=False, max_length=32, help_text="Ended for this reason.")
    since = Moment(required=False, help_text="Made at or after, in Unix milliseconds.")
    until = Moment(required=False, help_text="Made before, in Unix milliseconds.")


class RefusedSends(serializers.Serializer):
    """Sends that are left alone for one reason."""

    message = serializers.CharField()
    sends = serializers.IntegerField()


class RetryAnswer(serializers.Serializer):
    """POST /sends/retry: how many are tried again, and how many not."""

    retried = serializers.IntegerField()
    refused = RefusedSends(many=True)
    more = serializers.BooleanField()


class ListedSend(SendAnswer):
    """A send as a row of GET /sends."""

    conversionId = serializers.CharField(source="conversion_id")
    createdAt = Moment(source="created_at")


class SendsAnswer(AnswerSerializer):
    """GET /sends: one page, newest first."""

    sends = ListedSend(many=True)
    nextCursor = serializers.CharField(allow_null=True, help_text="Of the next page; absent on the last.")


class PauseAnswer(AnswerSerializer):
    """Why a pixel is paused: since when, with the platform's code and words."""

    since = Moment(source="paused_at")
    code = serializers.CharField(source="pause_code")
    message = serializers.CharField(source="pause_message")


class PixelAnswer(AnswerSerializer):
    """A connection of a site to an ad platform, without its secrets."""

    id = serializers.CharField(source="pk")
    siteId = serializers.CharField(source="site_id")
    platform = serializers.ChoiceField(choices=choices())
    pixelId = serializers.CharField(source="pixel_id", help_text="The platform's own id.")
    active = serializers.BooleanField(source="is_active")
    paused = serializers.SerializerMethodField()

    @extend_schema_field(PauseAnswer(allow_null=True))
    def get_paused(self, pixel: Pixel) -> dict[str, Any] | None:
        return dict(PauseAnswer(pixel).data) if pixel.paused_at else None


class PixelsAnswer(serializers.Serializer):
    """GET /pixels: the pixels of the account or of one site."""

    pixels = PixelAnswer(many=True)


class SendDetail(SendAnswer):
    """GET /sends/{sendId}: the send with every attempt, oldest first."""

    conversionId = serializers.CharField(source="conversion_id")
    createdAt = Moment(source="created_at")
    attemptList = AttemptAnswer(many=True, source="attempt_set.in_order")
