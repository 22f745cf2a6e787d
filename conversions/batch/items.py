"""Reads the events of a batch: each is valid or refused by itself."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adtarget.api import parsing
from adtarget.core import errors, exact_json
from conversions.facts import EventFacts
from conversions.requests import ConversionRequest, facts_of
from leads.models import Channel
from leads.resolution import Named

MOST = 500
_ACCEPTABLE_KEY = re.compile(r"[\x20-\x7e]{1,128}")


@dataclass(kw_only=True, slots=True)
class Item:
    """One event of a batch. `refusal` says why it is not taken; `channel` is found after reading."""

    index: int
    telegram_user_id: int = 0
    named: Named = field(default_factory=Named)
    facts: EventFacts | None = None
    channel: Channel | None = None
    refusal: errors.ApiError | None = None
    key: str = ""  # the event's own Idempotency-Key
    sha256: str = ""  # of the event, to tell that a key was used for another one


def read_items(body: dict[str, Any], *, now: datetime) -> list[Item]:
    """The events in order. Raises InvalidPayload where the body is no list of 1 to 500."""
    events = body.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= MOST:
        raise errors.InvalidPayload(f"events must be a list of 1 to {MOST} events.")
    return [_read(index, event, now) for index, event in enumerate(events)]


def _read(index: int, event: Any, now: datetime) -> Item:
    item = Item(index=index)
    try:
        if not isinstance(event, dict):
            raise errors.InvalidPayload("An event must be an object.")
        item.key = _key_of(event)
        if item.key:
            item.sha256 = hashlib.sha256(exact_json.encode(event)).hexdigest()
        given = parsing.validate(ConversionRequest, event)
        item.telegram_user_id = given["telegram_user_id"]
        item.named = Named(**{name: given.get(name, "") for name in ("site_id", "website_id", "channel_id")})
        item.facts = facts_of(given, client=("", ""), now=now)
    except errors.ApiError as refusal:
        item.refusal = refusal
    return item


def _key_of(event: dict[str, Any]) -> str:
    key = event.get("idempotencyKey")
    if key is None:
        return ""
    if not isinstance(key, str) or not _ACCEPTABLE_KEY.fullmatch(key):
        raise errors.InvalidPayload("idempotencyKey takes 1 to 128 printable ASCII characters.")
    return key
