"""The base class of the judges, one per outside service, and the rules that several of them share."""

import ipaddress
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from adtarget.sandbox.request import Request

HASH = re.compile(r"[0-9a-f]{64}")
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
DAY = 86400
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\S*")


class Check(NamedTuple):
    """One rule held against one event; `words` is what the platform says when it is broken."""

    field: str
    ok: bool
    message: str
    words: str = ""


@dataclass(slots=True)
class Event:
    """An event as it arrived, and what was found when looking at it."""

    event_id: str
    name: str
    raw: Mapping[str, Any]
    checks: list[Check] = field(default_factory=list)

    def check(self, name: str, ok: object, message: str, words: str = "") -> bool:
        self.checks.append(Check(name, bool(ok), message, words))
        return bool(ok)

    @property
    def problem(self) -> Check | None:
        return next((check for check in self.checks if not check.ok), None)


@dataclass(slots=True)
class Submission:
    """A request to one service: for which pixel, with which token, and the events in it."""

    request: Request
    pixel: str
    token: str = ""
    events: list[Event] = field(default_factory=list)
    is_test: bool = False
    is_kept: bool = True

    @property
    def problem(self) -> tuple[int, Check] | None:
        """The first broken rule and the index of its event."""
        found = ((index, event.problem) for index, event in enumerate(self.events))
        return next(((index, problem) for index, problem in found if problem), None)


@dataclass(slots=True)
class Judgement:
    """What goes back; `is_accepted` says that the platform took the events."""

    status: int
    body: Any
    is_accepted: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds while judging: the clock, whether to look at all, and which tokens are good (None: most are)."""

    now: float
    validates: bool = True
    tokens: frozenset[str] | None = None

    def token_problem(self, token: str) -> str:
        """`missing`, `expired` or `bad`; empty for a token that is good."""
        if not token:
            return "missing"
        if self.tokens is not None:
            return "" if token in self.tokens else "bad"
        return next((word for word in ("expired", "bad") if word in token.lower()), "")


class Judge(ABC):
    """One outside service: reads requests and judges them as it would."""

    slug: ClassVar[str]
    label: ClassVar[str]
    #: Are its requests kept as events, or only counted?
    keeps: ClassVar[bool] = True
    #: Refusals by name: the params of a `platform_error`.
    refusals: ClassVar[Mapping[str, Mapping[str, Any]]]

    #: How long a platform that says later what was counted takes to know it.
    seconds_until_known: float = 0.0

    @abstractmethod
    def takes(self, request: Request) -> bool:
        """Is this one of its endpoints?"""

    @abstractmethod
    def read(self, request: Request) -> Submission:
        """Opens the request without judging it; never raises."""

    @abstractmethod
    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        """Checks every event, then answers as the platform does: all or nothing."""

    @abstractmethod
    def success(self, submission: Submission) -> Judgement: ...

    @abstractmethod
    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        """The platform's own error; `told` completes or changes the `refusals` row it names."""

    def forget(self) -> None:  # noqa: B027 (most remember nothing)
        """Forgets what the judge itself remembers of earlier requests."""

    def miscount(self, body: Any) -> Any:
        """The success with its proof spoilt."""
        return {}

    def told(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.refusals.get(str(params.get("name", "invalid")), {}), **params}


# ------------------------------------------------------------------ reading
def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def events_of(raws: Any, *, id_key: str, name_key: str) -> list[Event]:
    """The events of a request, whatever else is wrong with them."""
    return [Event(as_text(raw.get(id_key)), as_text(raw.get(name_key)), raw) for raw in map(as_dict, as_list(raws))]


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


# ------------------------------------------------------------------ rules
def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_one_of(value: Any, known: Collection[str]) -> bool:
    return isinstance(value, str) and value in known


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_amount(value: Any) -> bool:
    return is_number(value) and 0 <= value < float("inf")


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_web_address(value: Any) -> bool:
    return isinstance(value, str) and bool(WEB_ADDRESS.fullmatch(value))


def is_ip(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def is_hash(value: Any) -> bool:
    """64 lower-case hex characters, and not the hash of nothing."""
    return isinstance(value, str) and bool(HASH.fullmatch(value)) and value != HASH_OF_NOTHING


def are_hashes(value: Any) -> bool:
    """A hash or a list of them."""
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(map(is_hash, values))


def is_size(events: Any, most: int) -> bool:
    return isinstance(events, list) and 1 <= len(events) <= most


@dataclass(frozen=True, slots=True)
class TimeWords:
    """What a platform says to a time that is no whole number of seconds, is ahead of the clock, or too old."""

    type: str = ""
    ahead: str = ""
    old: str = ""


def check_time(event: Event, seconds: Any, *, now: float, days: int, words: TimeWords) -> None:
    """A second ahead is no future: clocks differ."""
    if event.check("event_time", is_whole(seconds), "is a whole number of Unix seconds", words.type):
        event.check("event_time", seconds <= now + 1, "is not in the future", words.ahead)
        event.check("event_time", seconds >= now - days * DAY, f"is at most {days} days old", words.old)


def mask(token: str) -> str:
    """Enough of a token to tell two apart, not enough to use one."""
    return f"{token[:4]}…{token[-2:]}" if len(token) >= 12 else "…" if token else ""
