"""Contact hashes that an event takes over from the lead's earlier events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from conversions.models import Conversion
from leads.models import Lead

#: Rules that normalise the same fact: a newer value replaces all hashes of the older one.
FACTS = (("email", "email_google"), ("phone_digits", "phone_e164"), ("first_name",), ("last_name",))
#: Earlier events that are looked at; one statement, however many there are.
LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Inherited:
    """Hashes by rule name, and when the oldest of them was given: retention counts from then."""

    pii: dict[str, str] = field(default_factory=dict)
    since: datetime | None = None


def recent_history(lead: Lead, *, is_test: bool) -> list[Conversion]:
    """The lead's latest conversions, newest first, with their visits: of tests for a test, of live events otherwise."""
    return list(lead.conversions.select_related("visit").filter(is_test=is_test).latest_first()[:LOOKED_AT])


def inherit(history: Iterable[Conversion], *, now: datetime) -> Inherited:
    """What a new event takes over of `history`, newest first: for each fact the newest hashes that were given.

    Only what a request gave counts, never what was inherited itself, so that nothing outlives PERSONAL_DATA_DAYS
    by being handed on.
    """
    oldest = now - timedelta(days=settings.PERSONAL_DATA_DAYS)
    found: dict[str, str] = {}
    since: datetime | None = None
    for conversion in history:
        if conversion.attributed_at < oldest:
            break
        fresh = {rule: text for fact in FACTS if not found.keys() & set(fact) for rule, text in _of(conversion, fact)}
        if fresh:
            found |= fresh
            since = conversion.attributed_at
    return Inherited(found, since)


def effective_pii(conversion: Conversion) -> dict[str, str]:
    """Every contact hash that is known for the event: what its own requests gave, then what was inherited."""
    own: Mapping[str, str] = conversion.pii
    taken_over = {
        rule: text
        for fact in FACTS
        if not own.keys() & set(fact)
        for rule, text in conversion.inherited_pii.items()
        if rule in fact
    }
    return {**taken_over, **own}


def _of(conversion: Conversion, fact: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(rule, conversion.pii[rule]) for rule in fact if conversion.pii.get(rule)]
