"""The rules for a request to `events:ingest` as a whole: its JSON, its destinations, how many events."""

from collections.abc import Iterator, Mapping
from typing import Any

from adtarget.sandbox.judging import Judgement, Submission, as_dict, as_list, is_one_of
from adtarget.sandbox.platforms.google.errors import detail, status_error
from adtarget.sandbox.platforms.google.fields import REQUIRED, unknown_fields

MOST_EVENTS, MOST_DESTINATIONS = 2000, 10
EVENT_SOURCES = frozenset({"WEB", "APP", "IN_STORE", "PHONE", "MESSAGE"})
CONSENTS = frozenset({"CONSENT_GRANTED", "CONSENT_DENIED", "CONSENT_STATUS_UNSPECIFIED"})


def parse_refusal(submission: Submission, document: Mapping[str, Any]) -> Judgement | None:
    """What the JSON parser refuses: it names all it does not know, and no reason."""
    if not document:
        return status_error(400, "Invalid JSON payload received.", [])
    violations = [
        {"field": field, "description": f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'}
        for field, name in unknown_fields(document)
    ]
    for field, value, known in _enums(document):
        if not is_one_of(value, known):
            told = f"Invalid value at '{field}' (TYPE_ENUM), \"{value}\""
            violations.append({"field": field, "description": told})
    if not violations:
        return None
    return status_error(400, violations[0]["description"], [detail("BadRequest", fieldViolations=violations)])


def _enums(document: Mapping[str, Any]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    if "encoding" in document:
        yield "encoding", document["encoding"], frozenset({"HEX", "BASE64"})
    for place, owner in [("", document)] + [
        (f"events[{index}].", as_dict(raw)) for index, raw in enumerate(as_list(document.get("events")))
    ]:
        for key, value in as_dict(owner.get("consent")).items():
            yield f"{place}consent.{key}", value, CONSENTS
        if "eventSource" in owner:
            yield f"{place}event_source", owner["eventSource"], EVENT_SOURCES


def request_problems(submission: Submission, document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Field, reason and words, the request's own before its events'."""
    destinations, events = as_list(document.get("destinations")), as_list(document.get("events"))
    if not 1 <= len(destinations) <= MOST_DESTINATIONS:
        yield "destinations", REQUIRED if not destinations else "TOO_MANY_DESTINATIONS", "1 to 10 destinations."
    for index, destination in enumerate(map(as_dict, destinations)):
        yield from _destination_problems(f"destinations[{index}]", destination)
    if not events:
        yield "events", REQUIRED, "The events are missing."
    if len(events) > MOST_EVENTS:
        # The real text says so, although the limit is 2,000.
        yield "events", "TOO_MANY_EVENTS", "The request has more than 10000 events."
    if submission.problem:
        index, problem = submission.problem
        yield f"events.events[{index}].{problem.field}", problem.words, f"The value is wrong: it {problem.message}."


def _destination_problems(place: str, destination: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, key in (("operating_account", "operatingAccount"), ("login_account", "loginAccount")):
        account = destination.get(key)
        if account is None and key == "loginAccount":
            continue
        account_id = as_dict(account).get("accountId")
        if not isinstance(account_id, str) or not account_id.isdigit():
            yield f"{place}.{name}.account_id", "INVALID_NUMBER_FORMAT", "The account id must be digits."
    action = destination.get("productDestinationId")
    if not isinstance(action, str) or not action.isdigit():
        yield f"{place}.product_destination_id", "INVALID_CONVERSION_ACTION_ID", "The conversion action is unknown."
