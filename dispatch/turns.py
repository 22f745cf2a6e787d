"""Chooses whose backlog goes on: accounts take turns, and the pixels of an account among themselves.

The turns are kept in the database, so that workers on several machines share them.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

_TAKE = """
WITH RECURSIVE pending (pixel_id) AS (
    SELECT min(pixel_id) FROM dispatch_send WHERE status = 'pending'
    UNION ALL
    SELECT (SELECT min(s.pixel_id) FROM dispatch_send s WHERE s.status = 'pending' AND s.pixel_id > pending.pixel_id)
    FROM pending WHERE pending.pixel_id IS NOT NULL
), waiting AS (
    SELECT p.id, p.turn_at, (
        SELECT max(its.turn_at) FROM dispatch_pixel its JOIN leads_site other ON other.id = its.site_id
        WHERE other.account_id = site.account_id
    ) AS account_turn_at
    FROM pending JOIN dispatch_pixel p ON p.id = pending.pixel_id JOIN leads_site site ON site.id = p.site_id
    WHERE p.platform = %s AND p.is_active AND p.paused_at IS NULL
    AND (p.breaker_until IS NULL OR p.breaker_until <= %s)
    AND NOT EXISTS (SELECT 1 FROM dispatch_platformhealth h WHERE h.platform = p.platform AND h.breaker_until > %s)
    AND EXISTS (
        SELECT 1 FROM dispatch_send s
        WHERE s.pixel_id = p.id AND s.status = 'pending' AND s.priority IN (0, 1, 2) AND s.due_at <= %s
    )
)
UPDATE dispatch_pixel SET turn_at = %s WHERE id = (
    SELECT id FROM waiting {but_not} ORDER BY account_turn_at NULLS FIRST, turn_at NULLS FIRST, id LIMIT 1
) RETURNING id
"""


def take_turn(platform: str, *, without: Collection[str] = (), now: datetime) -> str:
    """The due pixel of the platform whose account, and which of its account's, had its turn longest ago; '' if none.

    Pixels `without` are left out: they have as many threads here as one may have.
    """
    moment = connection.ops.adapt_datetimefield_value(now)
    but_not = f"WHERE id NOT IN ({', '.join(['%s'] * len(without))})" if without else ""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(but_not=but_not), [platform, moment, moment, moment, moment, *without])
        row = cursor.fetchone()
    return str(row[0]) if row else ""
