"""What every ad platform is to us: four pure questions.

A platform translates (facts in, payload out) and judges (bytes in, verdict
out). It does no I/O, reads no clock, touches no model and knows nothing of
Django's settings: everything impure is written once, in `dispatch.delivery`.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome, PlatformSlug, Reason

Payload = dict[str, Any]


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
    client_ip: str = ""  # raw, public addresses only
    user_agent: str = ""
    fbc: str = ""
    fbp: str = ""
    ttclid: str = ""
    ttp: str = ""
    sccid: str = ""
    sc_cookie1: str = ""
    gclid: str = ""
    gbraid: str = ""
    wbraid: str = ""
    is_test: bool = False

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an answer means for one event of the request.

    `code` and `message` are the platform's own words. `wait` is how long the
    platform asked us to wait. `whole_batch` marks a refusal of the request as
    a whole, whose guilty event is not known: the batch is split. Where it is
    known, its neighbours are UNTOUCHED: due again at once, no retry spent.
    """

    outcome: Outcome
    code: str = ""
    message: str = ""
    trace_id: str = ""
    wait: timedelta | None = None
    whole_batch: bool = False


class CannotExpress(Exception):
    """This event cannot be said in the platform's language: skipped, with a reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Platform(ABC):
    """A stateless translator; one leaf class per vendor, one file each."""

    slug: ClassVar[PlatformSlug]
    #: The platform's own name of each of our types; one that is not here goes by its custom name.
    event_names: ClassVar[Mapping[EventType, str]]
    #: Older events are refused, and one of them may sink its batch.
    max_age: ClassVar[timedelta]
    #: Most events the platform takes in one request.
    batch_limit: ClassVar[int]
    #: Requests a minute that all pixels together may make; None where the platform names no reachable limit.
    requests_per_minute: ClassVar[int | None] = None
    #: Accepted is not counted: what became of a request is asked later, by the trace id of its answer.
    judges_later: ClassVar[bool] = False

    @abstractmethod
    def has_signal(self, event: OutgoingEvent) -> bool:
        """Is there anything to attribute by? Without, no send is made (contract, section 7)."""

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Can a test event be sent to this pixel without harm (contract, section 1)?"""
        return True

    @abstractmethod
    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        """The event in the platform's words, or CannotExpress with the reason."""

    @abstractmethod
    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        """One request carrying all payloads, at most `batch_limit`, rendered for this pixel.

        `test` events, which never share a request with live ones, go where they do not count.
        """

    def read(self, answer: HttpAnswer, count: int) -> Sequence[Verdict]:
        """One verdict per event sent. Whatever is not recognised is ambiguous."""
        failure = http_failure(answer)
        return [failure] * count if failure else self.judge(answer, answer.json(), count)

    @abstractmethod
    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """The verdicts of a whole answer; `body` is its JSON, or None where it has none."""

    def event_name(self, event: OutgoingEvent, pixel: PixelConfig) -> str:
        """The name set up for the pixel, else the platform's, else the custom name; CannotExpress without any."""
        name = chosen(pixel, "eventNames", event) or self.event_names.get(event.event_type, event.custom_name)
        if not name:
            raise CannotExpress(Reason.NO_EVENT_NAME)
        return name


# ------------------------------------------------------------------ building payloads
def present(**fields: Any) -> Payload:
    """The fields that hold something: empty text, None and empty lists are left out."""
    return {key: value for key, value in fields.items() if value not in ("", None, [], {})}


def listed(text: str) -> list[str]:
    """A list of one, or of none."""
    return [text] if text else []


def chosen(pixel: PixelConfig, option: str, event: OutgoingEvent) -> str:
    """What a map among the pixel's options holds for the event: by custom name, then by type; '' if nothing."""
    mapping = pixel.options.get(option)
    if not isinstance(mapping, Mapping):
        return ""
    return text(mapping.get(event.custom_name)) or text(mapping.get(event.event_type.value))


def price(event: OutgoingEvent, *, required: bool, currencies: frozenset[str] | None = None) -> Payload:
    """`value` and `currency`, or neither; CannotExpress where a required price cannot be told.

    `currencies` are those the platform knows, where it has a list.
    """
    value = amount(event.value, event.currency) if event.value is not None and event.currency else 0
    if not value:
        problem = Reason.MISSING_VALUE
    elif currencies is not None and event.currency not in currencies:
        problem = Reason.CURRENCY_UNSUPPORTED
    else:
        return {"value": value, "currency": event.currency}
    if required:
        raise CannotExpress(problem)
    return {}


def amount(value: Decimal, currency: str) -> float | int:
    """A decimal in major units as a JSON number without float noise.

    Quantised to the currency's exponent (ISO 4217; platforms.md, section 5).
    """
    exponent = _EXPONENTS.get(currency, 2)
    quantised = value.quantize(Decimal(1).scaleb(-exponent), rounding=ROUND_HALF_UP)
    return int(quantised) if quantised == quantised.to_integral_value() else float(quantised)


def limited_data_use(pixel: PixelConfig) -> Payload:
    """Meta's switch for US state laws, which Snapchat took over; 0 leaves the place to the person's IP."""
    if not pixel.options.get("limitedDataUse"):
        return {}
    return {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 0,
        "data_processing_options_state": 0,
    }


def unix_seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def json_request(url: str, *, headers: Mapping[str, str], document: Payload) -> PreparedRequest:
    """A POST of a JSON document in UTF-8."""
    body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return PreparedRequest(
        url=url, headers={"Content-Type": "application/json", **headers}, body=body.encode(errors="replace")
    )


# ------------------------------------------------------------------ reading answers
def http_failure(answer: HttpAnswer) -> Verdict | None:
    """The verdict where no platform code can be trusted, because nothing or only half came back; else None.

    Only a connection that never carried the request is surely unprocessed.
    """
    if answer.status == 0:
        outcome = Outcome.AMBIGUOUS if answer.reached else Outcome.RETRY
        return Verdict(outcome=outcome, code="network", message=answer.error)
    if not answer.complete:
        return Verdict(outcome=Outcome.AMBIGUOUS, code="incomplete", message=answer.error, wait=answer.retry_after)
    return None


def unrecognised(answer: HttpAnswer, count: int) -> list[Verdict]:
    """The verdicts for an answer that says nothing we know, by HTTP status alone."""
    code = f"http_{answer.status}"
    if answer.status in (408, 409, 425, 429):
        return [Verdict(outcome=Outcome.RETRY, code=code, wait=answer.retry_after)] * count
    if 400 <= answer.status < 500:
        return refused(Verdict(outcome=Outcome.REJECTED, code=code), count)
    message = "The answer says nothing we know."
    return [Verdict(outcome=Outcome.AMBIGUOUS, code=code, message=message, wait=answer.retry_after)] * count


def not_their_words(answer: HttpAnswer, count: int) -> list[Verdict]:
    """The same where a platform always speaks JSON: a 4xx without it came from something in between: not final."""
    if 400 <= answer.status < 500:
        return [Verdict(outcome=Outcome.RETRY, code=f"http_{answer.status}", wait=answer.retry_after)] * count
    return unrecognised(answer, count)


def refused(verdict: Verdict, count: int, guilty: Iterable[int] = ()) -> list[Verdict]:
    """A request refused for good, laid on the events the platform names.

    Their neighbours are untouched. Where it names none, and more than one was
    sent, the whole batch is to be split.
    """
    named = {index for index in guilty if 0 <= index < count}
    if not named:
        return [replace(verdict, whole_batch=count > 1)] * count
    neighbour = replace(verdict, outcome=Outcome.UNTOUCHED)
    return [verdict if index in named else neighbour for index in range(count)]


def longest(*waits: timedelta | None) -> timedelta | None:
    """The longest of the waits that somebody asked for."""
    return max((wait for wait in waits if wait is not None), default=None)


def text(value: Any) -> str:
    """A JSON string as it is, a number as text, anything else ''."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
