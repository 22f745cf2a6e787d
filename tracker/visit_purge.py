"""Deletes old visits that led to no join and no conversion, a few at a time, so that no lock is held for long.

Where PostgreSQL keeps them in partitions, those are dropped instead (visit_partitions.py), and this deletes what was
there before.
"""

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from adtarget.core.partitions.tables import WHOLE
from conversions.models import Conversion
from leads.models import Site
from tracker import visit_partitions
from tracker.models import Join, TrackingSession, Visit, VisitPurge, VisitUsage

log = structlog.get_logger(__name__)

AT_ONCE = 500
RUN_SECONDS = 60.0
USAGE_KEPT_FOR = timedelta(days=90)
_IN_NO_PARTITION = RawSQL(f"tracker_visit.part = {WHOLE}", [], output_field=BooleanField())  # noqa: S611  a number of ours


def purge_visits(now: datetime, *, seconds: float = RUN_SECONDS) -> int:
    """Deletes what is older than VISIT_DAYS; how many visits. What `seconds` do not suffice for the next run does."""
    before, ends = now - timedelta(days=settings.VISIT_DAYS), time.monotonic() + seconds
    deleted = 0
    visit_partitions.drop_old(now)
    for site_id in Site.objects.order_by("pk").values_list("pk", flat=True):
        while time.monotonic() < ends:
            found, gone = _step(site_id, before)
            deleted += gone
            if found < AT_ONCE:
                break
    VisitUsage.objects.filter(day__lt=(now - USAGE_KEPT_FOR).date()).delete()
    log.info("old visits deleted", visits=deleted, before=before.isoformat())
    return deleted


@transaction.atomic
def _step(site_id: str, before: datetime) -> tuple[int, int]:
    """Looks at the next visits of a site in the order of time: how many there were, and how many it deleted.

    The place where it stopped is kept, so that visits which stay are looked at once.
    """
    purge = VisitPurge.objects.select_for_update().filter(site=site_id).first()
    visits = Visit.objects.filter(site=site_id, visited_at__lt=before).order_by("visited_at", "pk")
    if connection.vendor == "postgresql":
        visits = visits.filter(_IN_NO_PARTITION)
    if purge:
        further = Q(visited_at__gt=purge.until) | Q(visited_at=purge.until, pk__gt=purge.last_id)
        visits = visits.filter(further, visited_at__gte=purge.until)
    looked_at = list(visits.values_list("pk", "visited_at", "session")[:AT_ONCE])
    if not looked_at:
        return 0, 0
    last_id, until, _ = looked_at[-1]
    gone = _delete([pk for pk, _, _ in looked_at], {session for _, _, session in looked_at})
    VisitPurge.objects.update_or_create(site_id=site_id, defaults={"until": until, "last_id": last_id})
    return len(looked_at), gone


def _delete(visit_ids: list[str], session_ids: set[str]) -> int:
    led_nowhere = Visit.objects.filter(
        ~Exists(Join.objects.filter(visit=OuterRef("pk"))),
        ~Exists(Conversion.objects.filter(visit=OuterRef("pk"))),
        pk__in=visit_ids,
    )
    gone = led_nowhere.delete()[1].get("tracker.Visit", 0)
    TrackingSession.objects.filter(
        ~Exists(Visit.objects.filter(session=OuterRef("pk"))),
        ~Exists(Conversion.objects.filter(session=OuterRef("pk"))),
        pk__in=session_ids,
    ).delete()
    return gone
