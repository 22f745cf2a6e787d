"""Records rows of a file by the rules of the API, or says what is wrong with each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import DataError, IntegrityError

from adtarget.api import parsing
from adtarget.core import errors
from adtarget.imports import mapping
from adtarget.imports.reading import Row
from conversions.choices import Intake
from conversions.facts import EventFacts
from conversions.recording import Recorded, record_conversion
from conversions.recording_many import GivenEvent, record_first_events
from conversions.requests import ConversionRequest, facts_of
from leads.choices import KeyMode
from leads.models import Account, ApiKey, Channel
from leads.resolution import Named, resolve

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Where the rows go, and what their columns mean."""

    account: Account
    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    is_history: bool

    @property
    def intake(self) -> Intake:
        return Intake.HISTORY if self.is_history else Intake.IMPORTED

    def key(self) -> ApiKey:
        """Files have no key of their own: a live one of the whole account that is not in the database."""
        return ApiKey(pk=None, account=self.account, mode=KeyMode.LIVE)


@dataclass(slots=True)
class Outcome:
    """What became of a piece of the file."""

    recorded: int = 0
    updated: int = 0
    duplicates: int = 0
    warm: int = 0
    left_out: int = 0  # values that could not be used
    sends: Counter[str] = field(default_factory=Counter)  # by platform
    problems: list[tuple[Row, str]] = field(default_factory=list)

    @property
    def known(self) -> int:
        return self.updated + self.duplicates

    @property
    def platforms(self) -> list[tuple[str, int]]:
        return sorted(self.sends.items())

    def add(self, recorded: Recorded) -> None:
        if not recorded.is_duplicate:
            self.recorded += 1
        elif recorded.was_updated:
            self.updated += 1
        else:
            self.duplicates += 1
        self.warm += not recorded.is_cold and not recorded.is_duplicate
        self.left_out += len(recorded.left_out)
        self.sends.update(send.platform for send in recorded.sends)

    def take(self, other: "Outcome") -> None:
        """Adds what became of another piece."""
        for name in ("recorded", "updated", "duplicates", "warm", "left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.sends.update(other.sends)
        self.problems += other.problems


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row and the event that it describes; None where it describes none."""

    row: Row
    event: tuple[int, Named, EventFacts] | None = None


def prepare(rows: Iterable[Row], order: Order, *, now: datetime) -> list[Prepared]:
    """Validates the rows, which needs no transaction; a broken one says what is wrong in its `problem`."""
    return [_prepared(row, order, now=now) for row in rows]


def _prepared(row: Row, order: Order, *, now: datetime) -> Prepared:
    if row.problem:
        return Prepared(row)
    try:
        given = parsing.validate(ConversionRequest, mapping.body_of(row.values, order.columns, order.fixed))
        if order.is_history and "event_time" not in given:
            raise errors.InvalidPayload("eventTime is required: history is of its own time.")
        named = Named(**{name: given.get(name, "") for name in ("site_id", "website_id", "channel_id")})
        return Prepared(row, (given["telegram_user_id"], named, facts_of(given, client=("", ""), now=now)))
    except errors.ApiError as error:
        row.problem = _problem(error)
        return Prepared(row)


def record(rows: Sequence[Prepared], order: Order, *, now: datetime) -> Outcome:
    """Records the rows, in their order, in the caller's transaction; a broken one changes nothing."""
    outcome = Outcome()
    key = order.key()
    channels: dict[Named, Channel] = {}
    first = record_first_events(list(_resolved(rows, key, channels)), key=key, intake=order.intake, now=now)
    for prepared in rows:
        row = prepared.row
        if prepared.event is None:
            outcome.problems.append((row, row.problem))
            continue
        person, named, facts = prepared.event
        try:
            channel = _channel(named, person, key, channels)
            recorded = first.get((channel.site_id, person)) or record_conversion(
                key=key, channel=channel, telegram_user_id=person, facts=facts, now=now, intake=order.intake
            )
            outcome.add(recorded)
        except errors.ApiError as error:
            outcome.problems.append((row, _problem(error)))
        except (DataError, IntegrityError) as error:
            log.warning("import row refused by the database", line=row.line, error=type(error).__name__)
            outcome.problems.append((row, "The database takes no such values."))
    return outcome


def _resolved(rows: Iterable[Prepared], key: ApiKey, channels: dict[Named, Channel]) -> Iterator[GivenEvent]:
    """The events that name site and channel: only they may be of people who are not known yet."""
    for prepared in rows:
        if prepared.event is not None and _is_whole(prepared.event[1]):
            person, named, facts = prepared.event
            with suppress(errors.ApiError):  # said once the row's turn comes
                yield GivenEvent(_channel(named, person, key, channels), person, facts)


def _is_whole(named: Named) -> bool:
    return bool(named.channel_id and (named.site_id or named.website_id))


def _channel(named: Named, person: int, key: ApiKey, channels: dict[Named, Channel]) -> Channel:
    """The row's channel; looked up once for all rows of a piece that name both site and channel."""
    if named in channels:
        return channels[named]
    channel = resolve(key=key, named=named, telegram_user_id=person)
    if _is_whole(named):
        channels[named] = channel
    return channel


def _problem(error: errors.ApiError) -> str:
    """All that is wrong, not only the first."""
    return " ".join(dict.fromkeys(detail["message"] for detail in error.details)) or str(error)
