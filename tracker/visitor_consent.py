"""What a visitor agreed to, on their visits: the latest answer counts for all of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from adtarget.core.consent import Said, read_said
from adtarget.core.times import milliseconds
from leads.models import Site
from tracker.models import TrackingSession, Visit

#: A visitor's latest visits that a new answer reaches; more come from no person.
MOST_VISITS = 100


def said_on_page(given: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The answer in the form that is kept; {} where nothing readable was said."""
    return read_said(given, at=milliseconds(now))[0].as_json() if given else {}


def is_news(consent: Mapping[str, Any], visit: Visit) -> bool:
    """Whether the answer differs from the one the visit has."""
    return bool(consent) and Said.of_json(consent).answers() != Said.of_json(visit.consent).answers()


def tell_visits(site: Site, temp_id: UUID, consent: Mapping[str, Any]) -> None:
    """Stores the answer on the visitor's visits: it decides about sends that still wait."""
    sessions = TrackingSession.objects.filter(site=site, temp_id=temp_id)
    visits = Visit.objects.filter(session__in=sessions).order_by("-visited_at").values_list("pk", flat=True)
    Visit.objects.filter(pk__in=list(visits[:MOST_VISITS])).update(consent=consent)
