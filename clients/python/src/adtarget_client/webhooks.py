"""Verifies outgoing webhooks of AdTarget, which follow Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MOST_SECONDS_OFF = 300


class InvalidSignature(Exception):
    """The message is not from the owner of the secret, is too old, or cannot be read."""


@dataclass(frozen=True)
class WebhookMessage:
    """`id` is the same at every attempt: remember those you have handled."""

    id: str
    type: str
    timestamp: str
    data: Mapping[str, Any]


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> WebhookMessage:
    """The message, if its signature and time are right. `body` is the raw body. Raises InvalidSignature."""
    found = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise InvalidSignature("webhook-timestamp is missing.")
    if abs((time.time() if now is None else now) - int(stamp)) > MOST_SECONDS_OFF:
        raise InvalidSignature("The message is more than five minutes off. Check this machine's clock.")
    right = _signature(secret, f"{message_id}.{stamp}.".encode() + body)
    given = found.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(right.encode(), each.encode()) for each in given):
        raise InvalidSignature("No signature matches this secret.")
    return _message(message_id, body)


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise InvalidSignature("The secret is not whsec_ and base64.") from error
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _message(message_id: str, body: bytes) -> WebhookMessage:
    try:
        document = json.loads(body, parse_float=Decimal)
        return WebhookMessage(message_id, document["type"], document["timestamp"], document["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidSignature("The body is not a message of AdTarget.") from error
