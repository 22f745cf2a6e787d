"""What goes in and what comes out, typed. Unknown fields of an answer are kept in `raw` and never break a client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar, Union

Amount = Union[Decimal, int, float, str]
T = TypeVar("T", bound="Answer")


@dataclass(frozen=True)
class Pii:
    """Contacts of the person in clear text. The server hashes them on arrival and keeps only hashes."""

    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True)
class Event:
    """A business event of one Telegram user. `event_type`: Lead, Purchase, CompleteRegistration, Subscribe or Custom.

    `value` with `currency` is required for a Purchase. `event_time` is a datetime with a zone or Unix milliseconds.
    `event_id` is your own id of the event (1 to 64 of A-Z a-z 0-9 _ -), which every platform gets.
    """

    event_type: str
    telegram_user_id: int | None = None
    channel_id: str | None = None
    site_id: str | None = None
    website_id: str | None = None
    custom_event_name: str | None = None
    value: Amount | None = None
    currency: str | None = None
    content_name: str | None = None
    order_id: str | None = None
    event_id: str | None = None
    pii: Pii | None = None
    external_user_id: str | None = None
    event_time: datetime | int | None = None
    fbc: str | None = None
    fbp: str | None = None
    gclid: str | None = None
    gbraid: str | None = None
    wbraid: str | None = None
    ttclid: str | None = None
    ttp: str | None = None
    sccid: str | None = None
    sc_cookie1: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    event_source_url: str | None = None
    consent: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The body as the API takes it; what is None is left out."""
        body = _to_json(self)
        return body | {"value": exact(self.value)} if self.value is not None else body


@dataclass(frozen=True)
class Answer:
    """An answer; `raw` is the parsed JSON with every field, also those this version does not know."""

    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls: type[T], body: Mapping[str, Any]) -> T:
        known = {each.name: body.get(_camel(each.name)) for each in fields(cls) if each.name != "raw"}
        return cls(raw=body, **{name: _typed(cls, name, value) for name, value in known.items()})


@dataclass(frozen=True)
class Hint(Answer):
    """A field that was left out or looks wrong; it never changes what happens."""

    field: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class ScheduledSend(Answer):
    send_id: str | None = None
    platform: str | None = None


@dataclass(frozen=True)
class Recorded(Answer):
    """What became of an event. `warning` says why nothing was scheduled, where `dispatched` is False."""

    conversion_id: str | None = None
    capi_status: str | None = None
    cold_lead: bool | None = None
    dispatched: bool | None = None
    deduplicated: bool | None = None
    updated_existing: bool | None = None
    warning: str | None = None
    site_id: str | None = None
    channel_id: str | None = None
    event_id: str | None = None
    sends: tuple[ScheduledSend, ...] = ()
    warnings: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class Send(Answer):
    """One event on its way to one pixel. `status`: pending, sent, failed or skipped."""

    send_id: str | None = None
    conversion_id: str | None = None
    platform: str | None = None
    pixel_id: str | None = None
    status: str | None = None
    reason: str | None = None
    attempts: int | None = None
    sent_at: int | None = None
    next_attempt_at: int | None = None
    last_error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Conversion(Answer):
    conversion_id: str | None = None
    event_id: str | None = None
    telegram_user_id: int | None = None
    site_id: str | None = None
    channel_id: str | None = None
    event_type: str | None = None
    custom_event_name: str | None = None
    capi_status: str | None = None
    source: str | None = None
    cold_lead: bool | None = None
    test: bool | None = None
    awaiting_manual_input: bool | None = None
    attributed_at: int | None = None
    event_time: int | None = None
    event_value: Decimal | None = None
    event_currency: str | None = None
    order_id: str | None = None
    sends: tuple[Send, ...] = ()


@dataclass(frozen=True)
class Lead(Answer):
    telegram_user_id: int | None = None
    site_id: str | None = None
    first_seen_at: int | None = None
    last_seen_at: int | None = None
    external_user_id: str | None = None
    conversions: tuple[Conversion, ...] = ()


@dataclass(frozen=True)
class Channel(Answer):
    site_id: str | None = None
    site_domain: str | None = None
    channel_id: str | None = None
    telegram_channel_id: str | None = None
    title: str | None = None
    username: str | None = None
    funnel_order: int | None = None
    event_type: str | None = None


@dataclass(frozen=True)
class Page(Answer):
    """One page of a list; `next_cursor` fetches the next."""

    conversions: tuple[Conversion, ...] = ()
    sends: tuple[Send, ...] = ()
    next_cursor: str | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter(self.conversions or self.sends)


_LISTS: dict[tuple[str, str], type[Answer]] = {
    ("Recorded", "sends"): ScheduledSend,
    ("Recorded", "warnings"): Hint,
    ("Conversion", "sends"): Send,
    ("Lead", "conversions"): Conversion,
    ("Page", "conversions"): Conversion,
    ("Page", "sends"): Send,
}


def _typed(cls: type[Answer], name: str, value: Any) -> Any:
    kind = _LISTS.get((cls.__name__, name))
    if kind is not None:
        return tuple(kind.of(item) for item in value or ())
    return Decimal(value) if name == "event_value" and value is not None else value


def _to_json(given: Any) -> dict[str, Any]:
    return {
        _camel(each.name): _value(getattr(given, each.name))
        for each in fields(given)
        if getattr(given, each.name) is not None
    }


def _value(value: Any) -> Any:
    if isinstance(value, Pii):
        return _to_json(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("event_time needs a time zone, such as datetime.now(timezone.utc).")
        return (value - datetime(1970, 1, 1, tzinfo=timezone.utc)) // _MILLISECOND
    return value


_MILLISECOND = timedelta(milliseconds=1)


def exact(value: Amount) -> Decimal | int | float:
    """An amount as a number; text such as "49.90" keeps its digits."""
    return Decimal(value) if isinstance(value, str) else value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)
