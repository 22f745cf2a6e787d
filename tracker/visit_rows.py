"""The statements that find and store visits and their sessions, each prepared."""

from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import Subquery
from django.db.models.expressions import RawSQL

from adtarget.core.prepared import (
    PreparedInsert,
    PreparedQuery,
    column_names,
    mark_stored,
    places,
    prepared_cursor,
    row_of,
)
from tracker.models import TrackingSession, Visit

# RawSQL keeps the UUID field from reading the example; every database reads 32 hexadecimal digits.
# Step by step, by way of the latest session: asked in one step, PostgreSQL goes through all visits of the site where it
# has not counted its rows yet, as in the first minute of an installation.
_visits_of = PreparedQuery(
    lambda site_id, temp_id: (
        Visit.objects.filter(
            session=Subquery(
                TrackingSession.objects.filter(site=site_id, temp_id=RawSQL("%s", [temp_id]))
                .order_by("-last_visit_at")
                .values("pk")[:1]
            )
        )
        .select_related("session")
        .order_by("-visited_at")[:1]
    ),
    "",
    "",
)
insert_session_and_visit = PreparedInsert(TrackingSession, Visit)
_continue_session = PreparedInsert(
    Visit, first="UPDATE tracker_trackingsession SET last_visit_at = %s, client_session_id = %s WHERE id = %s"
)


def latest_of(site_id: str, temp_id: UUID) -> Visit | None:
    """The visitor's latest visit, with its session."""
    return next(iter(_visits_of(site_id, temp_id.hex)), None)


def continue_session(session: TrackingSession, visit: Visit, *, now: datetime) -> None:
    """Stores the visit in the running session."""
    _continue_session(visit, first=(now, session.client_session_id, session.pk))


def insert_unless_known(session: TrackingSession, visit: Visit) -> bool:
    """Stores both if the visitor has no session of this site yet; whether it did. One statement, PostgreSQL only."""
    with prepared_cursor() as cursor:
        visitor = [session.site_id, session.temp_id]
        cursor.execute(_insert_unless_known(), [*row_of(session), *visitor, *row_of(visit)])
        is_new = bool(cursor.rowcount)
    if is_new:
        mark_stored(session, visit)
    return is_new


def can_insert_unless_known() -> bool:
    """Whether the database takes `insert_unless_known`."""
    return connection.vendor == "postgresql"


@cache
def _insert_unless_known() -> str:
    known = "SELECT FROM tracker_trackingsession WHERE site_id = %s AND temp_id = %s"
    return (
        f"WITH new AS (INSERT INTO tracker_trackingsession ({column_names(TrackingSession)}) "  # noqa: S608
        f"SELECT {places(TrackingSession)} WHERE NOT EXISTS ({known}) RETURNING id) "
        f"INSERT INTO tracker_visit ({column_names(Visit)}) SELECT {places(Visit)} FROM new"
    )
