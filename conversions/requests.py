"""Requests of the conversion endpoints, and the facts they become."""

import re
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from adtarget.api.fields import (
    Address,
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
from conversions.choices import CapiStatus, EventType
from conversions.facts import ClearPii, EventFacts
from conversions.identifiers import named
from conversions.left_out import unreadable_consent, usable_signals
from dispatch.choices import SendStatus
from dispatch.platforms import registry
from tracker import click_ids

CLICK_ID_LENGTH = 2048
OUR_EVENT_IDS = "cnv_"  # what the ids begin with that we give
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class OnlyGiven(serializers.Serializer):
    """Asks the fields that are required or given; DRF's own loop asks all of them, which takes longer than validating.

    For fields without defaults, dotted sources and validators of the whole.
    """

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        facts: dict[str, Any] = {}
        wrong: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name in data or field.required:
                try:
                    facts[str(field.source)] = field.run_validation(data.get(name, empty))
                except serializers.ValidationError as error:
                    wrong[name] = error.detail
        if wrong:
            raise serializers.ValidationError(wrong)
        return facts

    def run_validators(self, value: Any) -> None:
        """There are none, and collecting defaults for them would ask all fields again."""


class PiiRequest(OnlyGiven):
    """Contacts of the person, in clear. They are hashed before anything is kept."""

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


@extend_schema_field({"type": "string", "pattern": r"^(?!cnv_)[A-Za-z0-9_-]{1,64}$", "maxLength": 64})
class EventId(Text):
    """The sender's own id of the event."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not _EVENT_ID.fullmatch(text):
            raise serializers.ValidationError("This field takes 1 to 64 of the characters A-Z a-z 0-9 _ and -.")
        if text.startswith(OUR_EVENT_IDS):
            raise serializers.ValidationError(f"This field must not start with {OUR_EVENT_IDS}, as our own ids do.")
        return text


class EventRequest(OnlyGiven):
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
    eventId = EventId(required=False, allow_blank=False, source="own_event_id")
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


class BatchEvent(ConversionRequest):
    """One event of a batch."""

    idempotencyKey = Text(required=False, max_length=128, help_text="For this event, as the header is for a request.")


class BatchRequest(serializers.Serializer):
    """The body of POST /events/batch; each event is validated by itself (`conversions.batch.items`)."""

    events = BatchEvent(many=True, help_text="1 to 500 events, recorded in this order.")


class ValueRequest(serializers.Serializer):
    """The value that a conversion awaits."""

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
        own_event_id=given.get("own_event_id", ""),
        external_user_id=given.get("external_user_id", ""),
        pii=given.get("pii") or ClearPii(),
        signals=signals,
        in_url={name: value for name, value in in_url.items() if name not in click_ids.UTMS},
        utms={name: value for name, value in in_url.items() if name in click_ids.UTMS},
        consent=said.as_json(),
        left_out=tuple(left_out),
    )


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
    eventId = Text(required=False, max_length=64, source="event_id", help_text="With this event id, yours or ours.")
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
