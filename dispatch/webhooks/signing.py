"""Signatures by the Standard Webhooks convention: https://www.standardwebhooks.com."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adtarget.core import exact_json

PREFIX = "whsec_"


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(body: bytes, *, message_id: str, at: datetime, keys: Sequence[str]) -> Mapping[str, str]:
    """The three headers; one signature for each key, so that a receiver may know either."""
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def encode(document: Mapping[str, Any]) -> bytes:
    return exact_json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _signature(key: str, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, "sha256")).decode()
