"""Answers of the lead, channel and key endpoints."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from adtarget.api.fields import AnswerSerializer, Moment, Money, TelegramId
from conversions.choices import API_SOURCES, CapiStatus, EventType
from conversions.models import Conversion
from conversions.status import capi_status
from leads import throttling
from leads.choices import KeyMode
from leads.models import ApiKey, Channel


class LeadConversion(AnswerSerializer):
    """A conversion of a lead, without its sends."""

    conversionId = serializers.CharField(source="pk")
    eventId = serializers.CharField(source="event_id")
    channelId = serializers.CharField(source="channel_id")
    eventType = serializers.ChoiceField(choices=EventType.choices, source="event_type")
    customEventName = serializers.SerializerMethodField()
    capiStatus = serializers.SerializerMethodField()
    attributedAt = Moment(source="attributed_at")
    eventTime = Moment(source="event_time")
    eventValue = Money(source="value", allow_null=True)
    eventCurrency = serializers.SerializerMethodField()
    source = serializers.ChoiceField(choices=API_SOURCES, source="api_source")  # type: ignore[assignment]  # its name
    awaitingManualInput = serializers.SerializerMethodField()
    test = serializers.SerializerMethodField()

    def get_customEventName(self, conversion: Conversion) -> str | None:
        return conversion.custom_event_name or None

    @extend_schema_field(serializers.ChoiceField(choices=CapiStatus.choices))
    def get_capiStatus(self, conversion: Conversion) -> str:
        return capi_status(conversion)

    def get_eventCurrency(self, conversion: Conversion) -> str | None:
        return conversion.currency or None

    def get_awaitingManualInput(self, conversion: Conversion) -> bool | None:
        return conversion.awaiting_manual_input or None

    def get_test(self, conversion: Conversion) -> bool | None:
        return conversion.is_test or None


class LeadAnswer(AnswerSerializer):
    """GET /leads/{telegramUserId}: the lead with its latest conversions."""

    telegramUserId = TelegramId(source="telegram_user_id")
    siteId = serializers.CharField(source="site_id")
    firstSeenAt = Moment(source="first_seen_at")
    lastSeenAt = Moment(source="last_seen_at")
    externalUserId = serializers.SerializerMethodField()
    conversions = LeadConversion(many=True, source="latest_conversions")

    def get_externalUserId(self, lead: Any) -> str | None:
        return lead.external_user_id or None


class ChannelAnswer(AnswerSerializer):
    """A channel that events may name."""

    siteId = serializers.CharField(source="site_id")
    siteDomain = serializers.CharField(source="site.domain")
    channelId = serializers.CharField(source="pk")
    telegramChannelId = serializers.SerializerMethodField()
    title = serializers.CharField()
    username = serializers.SerializerMethodField()
    funnelOrder = serializers.IntegerField(source="funnel_order")
    eventType = serializers.SerializerMethodField()

    def get_telegramChannelId(self, channel: Channel) -> str:
        return str(channel.telegram_channel_id)

    def get_username(self, channel: Channel) -> str | None:
        return channel.username or None

    @extend_schema_field(serializers.ChoiceField(choices=EventType.choices, allow_null=True))
    def get_eventType(self, channel: Channel) -> str | None:
        return channel.event_type or None


class ChannelsAnswer(serializers.Serializer):
    """GET /channels: the active channels."""

    channels = ChannelAnswer(many=True)


class SiteAnswer(serializers.Serializer):
    """A site of the account."""

    siteId = serializers.CharField(source="pk")
    websiteId = serializers.CharField(source="website_id")
    domain = serializers.CharField()
    name = serializers.CharField()
    paused = serializers.BooleanField(source="is_paused", help_text="A paused site takes no events (402).")


class SitesAnswer(serializers.Serializer):
    """GET /sites: the sites that the key may use."""

    sites = SiteAnswer(many=True)


class RateLimitAnswer(serializers.Serializer):
    """The key's limit on requests: a bucket of `burst`, filled with `perMinute` a minute."""

    perMinute = serializers.IntegerField(source="per_minute")
    burst = serializers.IntegerField()


class KeyAnswer(AnswerSerializer):
    """GET /me: the key that the request was made with."""

    accountId = serializers.CharField(source="account_id")
    accountName = serializers.CharField(source="account.name")
    keyName = serializers.CharField(source="name")
    prefix = serializers.CharField()
    mode = serializers.ChoiceField(choices=KeyMode.choices)
    siteId = serializers.CharField(source="site_id", allow_null=True, help_text="Present where the key has one site.")
    rateLimit = serializers.SerializerMethodField()

    @extend_schema_field(RateLimitAnswer)
    def get_rateLimit(self, key: ApiKey) -> dict[str, Any]:
        return dict(RateLimitAnswer(throttling.limit_of(key)).data)
