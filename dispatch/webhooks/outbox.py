"""Creates webhook messages in the transaction of what they report.

What goes wrong here is undone by itself and logged: it never undoes the transaction, since a platform may
have accepted the events that it concludes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction

from adtarget.core import doorbell, exact_json
from adtarget.core.times import milliseconds
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.webhooks.choices import WebhookEvent
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage

log = structlog.get_logger(__name__)

Facts = Mapping[str, Any]

OF_STATUS = {SendStatus.SENT: WebhookEvent.SEND_SENT, SendStatus.FAILED: WebhookEvent.SEND_FAILED}


def tell_of_sends(
    sends: Sequence[Send], status: SendStatus, *, reason: str = "", error: Mapping[str, Any], now: datetime
) -> None:
    """Of sends of one account that just ended; their conversion and pixel are loaded."""
    event = OF_STATUS.get(status)
    if event and sends:
        ends = _end_facts(status, reason, error)
        account_id = sends[0].conversion.account_id
        _tell(account_id, event, lambda: [_send_facts(send) | ends for send in sends], now=now)


def tell_of_pause(pixel: Pixel, *, code: str, message: str, now: datetime) -> None:
    facts = {"platform": pixel.platform, "pixelId": pixel.pixel_id, "siteId": pixel.site_id}
    _tell(
        pixel.site.account_id, WebhookEvent.PIXEL_PAUSED, lambda: [facts | {"code": code, "message": message}], now=now
    )


def tell_of_wait(conversion: Conversion, *, now: datetime) -> None:
    """Creates the messages for a conversion that awaits its value."""
    _tell(conversion.account_id, WebhookEvent.AWAITING_VALUE, lambda: [_conversion_facts(conversion)], now=now)


def tell_a_test(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookMessage:
    """Creates a test message for one endpoint, whatever it subscribed to."""
    data = [{"message": "This is a test: your endpoint is reached."}]
    return _write([endpoint], WebhookEvent.TEST, data, now=now)[0]


def _tell(account_id: str, event: WebhookEvent, data: Callable[[], Sequence[Facts]], *, now: datetime) -> None:
    """One query for an account that listens to nothing."""
    endpoints = WebhookEndpoint.objects.filter(account=account_id, is_active=True)
    if listening := [endpoint for endpoint in endpoints if endpoint.wants(event)]:
        try:
            with transaction.atomic():
                _write(listening, event, data(), now=now)
                _check_references()
        except Exception:
            log.exception("webhook message lost", account=account_id, webhook_event=str(event))


def _check_references() -> None:
    """Has PostgreSQL look for the endpoints now: at commit it would undo everything if one were gone."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _write(
    endpoints: Sequence[WebhookEndpoint], event: WebhookEvent, data: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[WebhookMessage]:
    messages = [
        WebhookMessage(endpoint=endpoint, event=event, data=facts, due_at=now, created_at=now)
        for endpoint in endpoints
        for facts in data
    ]
    WebhookMessage.objects.bulk_create(messages)
    for endpoint in endpoints:
        ring(endpoint.pk)
    return messages


def ring(endpoint_id: str) -> None:
    """Has the endpoint's due messages delivered soon, once this transaction is on disk."""
    transaction.on_commit(partial(doorbell.call, "webhooks.deliver_due", endpoint_id=endpoint_id), robust=True)


# ------------------------------------------------------------------ facts, in the words of our API
def _send_facts(send: Send) -> dict[str, Any]:
    pixel = {"sendId": send.pk, "platform": send.platform, "pixelId": send.pixel.pixel_id}
    return pixel | _conversion_facts(send.conversion)


def _end_facts(status: SendStatus, reason: str, error: Mapping[str, Any]) -> dict[str, Any]:
    told = {"code": error.get("error_code"), "message": error.get("error_message")}
    return {"status": str(status), "reason": str(reason) or None, "error": told if told["code"] else None}


def _conversion_facts(conversion: Conversion) -> dict[str, Any]:
    """No hashes, no addresses, no click ids."""
    return {
        "conversionId": conversion.pk,
        "siteId": conversion.site_id,
        "channelId": conversion.channel_id,
        "telegramUserId": conversion.telegram_user_id,
        "eventType": conversion.event_type,
        "customEventName": conversion.custom_event_name or None,
        "eventTime": milliseconds(conversion.event_time),
        "value": None if conversion.value is None else exact_json.number(conversion.value),
        "currency": conversion.currency or None,
        "orderId": conversion.order_id or None,
        "eventId": conversion.event_id,
        "test": conversion.is_test,
    }
