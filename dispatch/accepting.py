"""Concludes a request whose events were all accepted, in one statement of PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from dispatch.models import Pixel, Send
from dispatch.statements import run

_ACCEPT = """
WITH listening AS (
    SELECT 1 FROM webhooks_webhookendpoint WHERE account_id = %(account)s AND is_active AND deleted_at IS NULL
), ended AS (
    UPDATE dispatch_send
    SET status = 'sent', reason = '', due_at = NULL, claim = NULL, lost_leases = 0, sent_at = %(now)s,
        error_code = '', error_message = '', error_trace_id = ''
    WHERE id = ANY (%(sends)s::varchar[]) AND claim = %(claim)s AND NOT EXISTS (SELECT FROM listening)
    RETURNING 1
), concluded AS (
    UPDATE dispatch_attempt
    SET outcome = 'accepted', duration_ms = %(duration)s, http_status = %(status)s, code = %(code)s,
        message = %(message)s, trace_id = %(trace)s, response = %(response)s
    WHERE id = ANY (%(attempts)s::bigint[]) AND (SELECT count(*) FROM ended) = %(size)s
)
SELECT
    (SELECT count(*) FROM ended),
    EXISTS (SELECT FROM dispatch_send WHERE pixel_id = %(pixel)s AND status = 'pending' AND due_at <= %(now)s)
"""


def accept(
    pixel: Pixel, sends: Sequence[Send], attempts: Sequence[int], facts: dict[str, Any], *, now: datetime
) -> bool | None:
    """Ends the sends as sent and completes their attempts by `facts`; whether more is due for the pixel.

    None where the statements of all other cases have to do it: on another database, for an account that listens
    by webhook, or because a claim was lost. Sends are written before their attempts, as erasing a person does.
    """
    if connection.vendor != "postgresql":
        return None
    values = {
        "account": pixel.site.account_id,
        "pixel": pixel.pk,
        "sends": [send.pk for send in sends],
        "claim": sends[0].claim,
        "attempts": attempts,
        "size": len(sends),
        "now": now,
        "duration": facts["duration_ms"],
        "status": facts["http_status"],
        "trace": facts["trace_id"],
        **{name: facts[name] for name in ("code", "message", "response")},
    }
    ((ended, more),) = run(_ACCEPT, values)
    return bool(more) if ended == len(sends) else None
