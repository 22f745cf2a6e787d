"""What a platform is: everything the product must know of it, as members of one class.

An adapter translates (facts in, payload out) and judges (bytes in, verdicts
out). It does no I/O, reads no clock, touches no model and no setting: what is
impure is written once, in `dispatch.delivery` and `dispatch.credentials`.
Every member annotated here is required; `tests/dispatch/platforms/test_required_members.py`
checks each registered platform.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Reason
from dispatch.platforms.building import chosen
from dispatch.platforms.exchange import TokenExchange
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.later import LaterAnswers
from dispatch.platforms.options import Option
from dispatch.platforms.reading import Verdict, http_failure
from dispatch.platforms.words import Icon, ReasonWords, Words

ANY_PIXEL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it becomes a part of the platform's path
LONGEST_ID = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class ClickId:
    """An id that an ad's click, or a platform's own cookie, leaves in the browser.

    `field` is its name in an OutgoingEvent and on a visit. `name` is what people call it; ids of one name
    stand in for each other. `parameter` of the landing page's address in lower case, `cookie` of the
    platform's script; '' where there is none. Ids that are no click only name a browser.
    """

    field: str
    name: str
    parameter: str = ""
    cookie: str = ""
    is_click: bool = True
    is_sound: Callable[[str], bool] = lambda value: 0 < len(value) <= LONGEST_ID

    @property
    def api_name(self) -> str:
        """Its name in the API and in `track.js`: the field in camel case."""
        return re.sub(r"_([a-z0-9])", lambda hit: hit[1].upper(), self.field)


class Platform(ABC):
    """A stateless description and translator; one folder per vendor."""

    #: Kept in the database and in addresses; never changes.
    slug: ClassVar[str]
    #: What people call it.
    name: ClassVar[str]
    icon: ClassVar[Icon]
    words: ClassVar[Words]
    #: Scheme and host; the setting `<SLUG>_API_URL` overrides it. '': its pixels have addresses of their own.
    api_url: ClassVar[str]
    #: The form of a pixel's id, of which a part of an address is made.
    pixel_id_form: ClassVar[re.Pattern[str]]
    #: A pixel that the sandbox knows, for the demo; {} where the demo has none.
    demo_pixel: ClassVar[Mapping[str, Any]]
    #: What the API takes as a signal, for the sentence that says that all are missing.
    accepted_signals: ClassVar[str]
    click_ids: ClassVar[Sequence[ClickId]]
    #: Whether a pixel needs a credential; where not, one is optional.
    needs_credential: ClassVar[bool] = True
    #: Built from other people's code only, and seen to work by nobody here: pages and docs say so.
    is_experimental: ClassVar[bool] = False
    #: Parameters of the landing page that are kept verbatim for it without being a signal of the API, in lower
    #: case, with the name of the network whose click each is.
    kept_parameters: ClassVar[Mapping[str, str]] = {}
    #: The platform's own name of each of our types; one that is not here goes by its custom name.
    event_names: ClassVar[Mapping[EventType, str]]
    #: Older events are refused, and one of them may sink its batch.
    max_age: ClassVar[timedelta]
    #: Most events the platform takes in one request.
    batch_limit: ClassVar[int]
    #: Currencies it knows; None where it has no list.
    currencies: ClassVar[Collection[str] | None]
    #: Requests a minute that all pixels together may make; None where the platform names no reachable limit.
    requests_per_minute: ClassVar[int | None]
    #: Hundredths of match quality by the name of a key (see `dispatch.match_quality`); empty where nothing is known.
    match_weights: ClassVar[Mapping[str, int]]
    #: Reasons of its own for which an event cannot be expressed, beside those of `dispatch.choices.Reason`.
    reasons: ClassVar[Mapping[str, ReasonWords]]
    #: What its codes mean and what to do, by the whole code or what stands before its "/".
    meanings: ClassVar[Mapping[str, str]]
    options: ClassVar[Sequence[Option]]
    #: The parts of each kind of credential that is written as JSON; none where a credential is one token.
    credential_kinds: ClassVar[Sequence[Sequence[str]]]
    #: The site's consent settings that are told to it.
    consents: ClassVar[Sequence[str]]
    #: How its tokens are exchanged; None where the stored one is used.
    exchange: ClassVar[TokenExchange | None]
    #: How to ask later what was counted; None where accepted is counted.
    later: ClassVar[LaterAnswers | None]

    @abstractmethod
    def has_signal(self, event: OutgoingEvent) -> bool:
        """Is there anything to attribute by? Without, no send is made."""

    def wants(self, event: OutgoingEvent, pixel: PixelConfig) -> bool:
        """Whether a send is made for this pixel; what a pixel is set up not to send is none."""
        return self.has_signal(event)

    @abstractmethod
    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Can a test event be sent to this pixel without harm?"""

    @abstractmethod
    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        """A fitted event in the platform's words, or CannotExpress with the reason."""

    def fit(self, event: OutgoingEvent) -> tuple[OutgoingEvent, list[str]]:
        """The event without optional facts that the platform would refuse, and a sentence on each.

        One bad optional key would cost the whole request, and the event is worth more than the key.
        """
        bad = [each for each in self.click_ids if (value := event.signal(each.field)) and not each.is_sound(value)]
        notes = [f"{each.field} was left out: {self.name} would refuse the event for it." for each in bad]
        return event.without(each.field for each in bad), notes

    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        """The event, fitted, in the platform's words, or CannotExpress with the reason."""
        return self.express(self.fit(event)[0], pixel)

    @abstractmethod
    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        """One request carrying all payloads, at most `batch_limit`, rendered for this pixel.

        `test` events, which never share a request with live ones, go where they do not count.
        """

    @abstractmethod
    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """The verdicts of a whole answer; `body` is its JSON, or None where it has none."""

    def read(self, answer: HttpAnswer, count: int, pixel: PixelConfig | None = None) -> Sequence[Verdict]:
        """One verdict per event sent to `pixel`. Whatever is not recognised is ambiguous."""
        failure = http_failure(answer)
        return [failure] * count if failure else self.judge(answer, answer.json(), count)

    def event_name(self, event: OutgoingEvent, pixel: PixelConfig) -> str:
        """The name set up for the pixel, else the platform's, else the custom name; CannotExpress without any."""
        name = chosen(pixel, "eventNames", event) or self.event_names.get(event.event_type, event.custom_name)
        if not name:
            raise CannotExpress(Reason.NO_EVENT_NAME)
        return name

    def meaning(self, code: str) -> str:
        """What the platform's code means and what to do; '' for an unknown code."""
        return self.meanings.get(code) or self.meanings.get(code.partition("/")[0], "")

    def tidy_pixel_id(self, written: str) -> str:
        """A pixel id as people copy it, in the form that requests need."""
        return written.strip()

    def knows_credential(self, given: Collection[str]) -> bool:
        """Whether a JSON object with these keys is a credential of this platform."""
        return any(set(kind) <= set(given) for kind in self.credential_kinds)

    def options_problem(self, options: Mapping[str, Any]) -> tuple[str, str] | None:
        """The option that is wrong beside the others, and what is wrong with it; None where nothing is."""
        return None

    def address_of(self, options: Mapping[str, Any]) -> str:
        """The address that people typed, where events go to one; '' where they go to the platform's own."""
        return ""

    def parameters_read(self, options: Mapping[str, Any]) -> Sequence[str]:
        """Parameters of the landing page that a pixel with these options reads and no site keeps by itself."""
        return ()

    def secret_among(self, options: Mapping[str, Any]) -> tuple[str, str]:
        """The option and the name in it under which a secret may be given, to be kept as the credential; else ''."""
        return "", ""

    def example(self, event: OutgoingEvent, pixel: PixelConfig) -> OutgoingEvent:
        """A test event as this pixel takes it."""
        return event

    def secret_of(self, credential: str) -> str:
        """The part of a stored credential whose last characters people know it by."""
        return credential

    @property
    def api_url_name(self) -> str:
        """What the setting of its address begins with, in lower case."""
        return self.slug

    @property
    def api_url_setting(self) -> str:
        return f"{self.api_url_name.upper()}_API_URL"

    @property
    def click_fields(self) -> list[str]:
        """Those of its ids that stand for a click, not only for a browser."""
        return [click_id.field for click_id in self.click_ids if click_id.is_click]
