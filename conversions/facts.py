"""One business event as its sender described it, validated."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from conversions.choices import EventType


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class ClearPii:
    """Personal data in clear. Lives in local variables only: never stored, logged or printed."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One optional value that was left out; `field` is its name in the request. Says nothing of the value itself."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFacts:
    """What happened, when, for how much; absent text is ''.

    `signals` are by the names of `conversions.identifiers.names`. `occurred_at`
    is not ahead of the moment of acceptance.
    """

    event_type: EventType
    occurred_at: datetime
    custom_event_name: str = ""
    value: Decimal | None = None
    currency: str = ""
    content_name: str = ""
    order_id: str = ""
    own_event_id: str = ""
    external_user_id: str = ""
    pii: ClearPii = field(default_factory=ClearPii)
    signals: dict[str, str] = field(default_factory=dict)
    in_url: dict[str, str] = field(default_factory=dict)  # click ids of eventSourceUrl, by our names and `fbclid`
    utms: dict[str, str] = field(default_factory=dict)  # of eventSourceUrl
    consent: dict[str, Any] = field(default_factory=dict)  # decoded, as it is kept
    left_out: tuple[LeftOut, ...] = ()
