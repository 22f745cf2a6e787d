"""What adapters work with: a conversion's facts, a pixel's settings, and the refusal to express an event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from conversions.choices import EventType

Payload = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LandingVisit:
    """The tracked visit that an event goes back to, and what the browser told then; absent text is ''."""

    at: datetime
    url: str = ""
    referrer: str = ""
    client_ip: str = ""
    user_agent: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingEvent:
    """One conversion as a platform sees it: normalised, hashed, effective.

    `occurred_at` is never ahead of the clock. Hashes are 64 lower-case hex
    characters or ''; absent text is ''. Which hash a platform takes is told
    by its name: the rule, not the vendor (see `conversions.hashing`).
    """

    event_id: str
    event_type: EventType
    custom_name: str = ""
    occurred_at: datetime
    event_source_url: str = ""
    referrer: str = ""
    value: Decimal | None = None
    currency: str = ""
    content_name: str = ""
    order_id: str = ""
    email: str = ""  # trimmed, lower
    email_google: str = ""  # the same, with Gmail's dots and +tag removed
    phone_digits: str = ""  # country code and number, no +
    phone_e164: str = ""  # the same, with +
    first_name: str = ""
    last_name: str = ""
    external_id: str = ""  # of the caller's own id of the person
    person_id: str = ""  # of the Telegram user id: known of every event, and the same in all of them
    client_ip: str = ""  # raw, public addresses only; the request's or else the visit's
    user_agent: str = ""
    is_url_given: bool = False  # else `event_source_url` is only the site's own
    visit: LandingVisit | None = None  # on the page the ad led to
    fbc: str = ""
    fbp: str = ""
    ttclid: str = ""
    ttp: str = ""
    sccid: str = ""
    sc_cookie1: str = ""
    gclid: str = ""
    gbraid: str = ""
    wbraid: str = ""
    more_ids: Mapping[str, str] = field(default_factory=dict)  # of platforms without a field of their own
    parameters: Mapping[str, str] = field(default_factory=dict)  # kept ones of the landing page, by lower-case name
    utms: Mapping[str, str] = field(default_factory=dict)
    conversion_id: str = ""
    telegram_user_id: str = ""
    is_test: bool = False
    limited_data_use: bool = False  # by what the person agreed to; the pixel's own option adds to it
    ad_user_data: bool | None = None  # their answer to a platform that asks; None: nothing said
    ad_personalization: bool | None = None

    def signal(self, field: str) -> str:
        """A click or browser id by its field; '' where it is not known."""
        return self.more_ids.get(field, "") or str(getattr(self, field, ""))

    def without(self, fields: Iterable[str]) -> "OutgoingEvent":
        """The same event with these text fields empty."""
        named = set(fields)
        emptied: dict[str, Any] = dict.fromkeys(named - self.more_ids.keys(), "")
        more = {field: value for field, value in self.more_ids.items() if field not in named}
        return replace(self, **emptied, more_ids=more) if named else self

    @property
    def external_ids(self) -> list[str]:
        """All ids of the person, the caller's own first; several are taken by Meta, TikTok and Snapchat."""
        return list(dict.fromkeys(filter(None, (self.external_id, self.person_id))))


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelConfig:
    """What a platform must know of a pixel to address it; no secrets.

    `options` are the pixel's options of the contract (`eventNames`,
    `testPixel`, `limitedDataUse`, `conversionActions`, `consent`, …).
    `api_url` is scheme and host, without a trailing slash.
    """

    pixel_id: str
    api_url: str
    test_event_code: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


class CannotExpress(Exception):
    """This event cannot be said in the platform's language: skipped, with a reason of ours or of the platform's own."""

    def __init__(self, reason: str) -> None:
        self.reason = str(reason)
        super().__init__(self.reason)
