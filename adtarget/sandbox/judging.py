"""What each outside world's judge gives back, and checks they share. Independent of our own payload code."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHA256 = re.compile(r"[0-9a-f]{64}")
DAY = 86400


@dataclass(frozen=True, slots=True)
class Check:
    """One rule held against one event."""

    field: str
    ok: bool
    message: str


@dataclass(slots=True)
class JudgedEvent:
    """An event as it arrived, with what the platform would look at."""

    event_id: str
    name: str
    raw: Mapping[str, Any]
    checks: list[Check] = field(default_factory=list)

    def check(self, name: str, ok: bool, message: str) -> bool:
        self.checks.append(Check(name, ok, message))
        return ok

    @property
    def first_problem(self) -> Check | None:
        return next((check for check in self.checks if not check.ok), None)


@dataclass(slots=True)
class Judgement:
    """The answer to a request, and its events."""

    status: int
    body: dict[str, Any]
    events: list[JudgedEvent] = field(default_factory=list)
    is_accepted: bool = False


def refuses_token(token: str) -> bool:
    """Any token is good here but an empty one and one that says so itself."""
    return not token or "bad" in token or "expired" in token


def bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def is_hash(value: object) -> bool:
    """64 lower-case hex characters, or a list of them, and not the hash of nothing."""
    values = value if isinstance(value, list) else [value]
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return bool(values) and all(isinstance(one, str) and SHA256.fullmatch(one) and one != empty for one in values)


def check_time(event: JudgedEvent, name: str, seconds: object, *, oldest_days: int) -> None:
    """Whole Unix seconds, not in the future, not too old."""
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    event.check(name, whole and 10**9 < seconds < 10**10, "whole Unix seconds")  # type: ignore[operator]
    if whole:
        now = time.time()
        event.check(name, seconds <= now + 60, "not in the future")  # type: ignore[operator]
        event.check(name, seconds >= now - oldest_days * DAY, f"at most {oldest_days} days old")  # type: ignore[operator]


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_money(event: JudgedEvent, data: Mapping[str, Any], *, needed: bool) -> None:
    """A positive number in major units and an upper-case code, both or neither."""
    value, currency = data.get("value"), data.get("currency")
    if value is None and currency is None:
        event.check("value", not needed, "a purchase has value and currency")
        return
    event.check("value", is_number(value) and value > 0, "a positive number")  # type: ignore[operator]
    event.check(
        "currency", isinstance(currency, str) and bool(re.fullmatch("[A-Z]{3}", currency)), "upper-case ISO 4217"
    )
