"""The lead and channel answers, in the order of the page."""

from typing import Any

from rest_framework import serializers

from adtarget.api.fields import Answer, Moment, Money, TelegramId
from conversions.choices import EventType, Source
from conversions.models import Conversion
from conversions.status import capi_status
from leads.models import Channel


class LeadConversion(Answer):
    conversionId = serializers.CharField(source="pk")
    channelId = serializers.CharField(source="channel_id")
    eventType = serializers.ChoiceField(choices=EventType.choices, source="event_type")
    customEventName = serializers.SerializerMethodField()
    capiStatus = serializers.SerializerMethodField()
    attributedAt = Moment(source="attributed_at")
    eventTime = Moment(source="event_time")
    eventValue = Money(source="value")
    eventCurrency = serializers.SerializerMethodField()
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]  # the page's name for it
    awaitingManualInput = serializers.SerializerMethodField()
    test = serializers.SerializerMethodField()

    def get_customEventName(self, conversion: Conversion) -> str | None:
        return conversion.custom_event_name or None

    def get_capiStatus(self, conversion: Conversion) -> str:
        return capi_status(conversion)

    def get_eventCurrency(self, conversion: Conversion) -> str | None:
        return conversion.currency or None

    def get_awaitingManualInput(self, conversion: Conversion) -> bool | None:
        return conversion.awaiting_manual_input or None

    def get_test(self, conversion: Conversion) -> bool | None:
        return conversion.is_test or None


class LeadAnswer(Answer):
    telegramUserId = TelegramId(source="telegram_user_id")
    siteId = serializers.CharField(source="site_id")
    firstSeenAt = Moment(source="first_seen_at")
    lastSeenAt = Moment(source="last_seen_at")
    externalUserId = serializers.SerializerMethodField()
    conversions = LeadConversion(many=True, source="latest_conversions")

    def get_externalUserId(self, lead: Any) -> str | None:
        return lead.external_user_id or None


class ChannelAnswer(Answer):
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

    def get_eventType(self, channel: Channel) -> str | None:
        return channel.event_type or None


class ChannelsAnswer(serializers.Serializer):
    channels = ChannelAnswer(many=True)
