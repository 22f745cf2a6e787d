"""Claims and reads a pixel's due sends in one statement of PostgreSQL: what claiming.py does step by step."""

import uuid
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from conversions.models import Conversion
from dispatch.models import Pixel, Send
from dispatch.row_columns import Columns
from dispatch.statements import run
from leads.unreadable import is_unreadable
from tracker.models import Visit

#: Columns that delivery does not look at.
_SEND = Columns(Send, "s", without={"claim", "created_at", "sent_at", "error_code", "error_message", "error_trace_id"})
_CONVERSION = Columns(Conversion, "c", without={"attributed_at", "inherited_since", "value_submitted_at"})
_VISIT = Columns(Visit, "v", without={"temp_id"})

_DUE = """
FROM dispatch_send s JOIN conversions_conversion c ON c.id = s.conversion_id
{and_head}
WHERE s.pixel_id = %(pixel)s AND s.status = 'pending' AND s.due_at <= %(now)s
"""
_ORDER = "ORDER BY s.priority, s.due_at"
_ALONE = "(s.claim IS NOT NULL OR s.lost_leases > 0 OR c.event_time < %(alone_before)s)"
_CLAIM = f"""
WITH head AS (
    SELECT {_ALONE} AS is_alone, c.is_test {_DUE.format(and_head="")} {_ORDER} LIMIT 1
), picked AS (
    SELECT s.id {_DUE.format(and_head="JOIN head ON NOT head.is_alone AND c.is_test = head.is_test")}
    AND NOT {_ALONE} {_ORDER} LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED
), claimed AS (
    UPDATE dispatch_send s SET claim = %(claim)s, due_at = %(lease_end)s FROM picked WHERE s.id = picked.id
    RETURNING s.*
)
SELECT {_SEND.sql}, {_CONVERSION.sql}, {_VISIT.sql}
FROM claimed s JOIN conversions_conversion c ON c.id = s.conversion_id LEFT JOIN tracker_visit v ON v.id = c.visit_id
{_ORDER}
"""  # noqa: S608


def take(pixel: Pixel, *, limit: int, alone_before: datetime, now: datetime, lease_end: datetime) -> list[Send]:
    """Up to `limit` due sends that may share a request, claimed; [] where the first of them must travel alone.

    [] also where a row cannot be read: what was claimed is due again then.
    """
    claim = uuid.uuid4()
    values: dict[str, Any] = {
        "pixel": pixel.pk,
        "limit": limit,
        "alone_before": alone_before,
        "now": now,
        "claim": claim,
        "lease_end": lease_end,
    }
    try:
        return [_send(row, pixel, claim) for row in run(_CLAIM, values)]
    except (DatabaseError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        if not is_unreadable(error):
            raise
    Send.objects.filter(pixel=pixel, claim=claim).update(claim=None, due_at=now)
    return []


def _send(row: tuple[Any, ...], pixel: Pixel, claim: uuid.UUID) -> Send:
    of_conversion, of_visit = row[_SEND.count :], row[_SEND.count + _CONVERSION.count :]
    visit = None if of_visit[0] is None else _VISIT.read(of_visit)
    conversion = _CONVERSION.read(of_conversion, visit=visit)
    if conversion.site_id == pixel.site_id:
        conversion.site = pixel.site
    send = _SEND.read(row, conversion=conversion, pixel=pixel)
    send.claim = claim
    return send
