"""Writes lead, conversion and sends in one statement."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from django.db import connection

from adtarget.core.json_rows import Rows
from adtarget.core.prepared import run_prepared
from conversions.models import Conversion
from dispatch.models import Send
from leads.models import ErasedPerson, Lead
from leads.tombstones import person_sha256

#: Differs after each change of a row: another transaction's by xmin, one of the same transaction by ctid.
VERSION = "xmin::text || ctid::text"
_LEAD, _TOMBSTONE = Lead._meta.db_table, ErasedPerson._meta.db_table
_NEW_LEAD = (
    f"INSERT INTO {_LEAD} (site_id, telegram_user_id, telegram_username, external_user_id, first_seen_at, "  # noqa: S608
    "last_seen_at) SELECT %s, %s::bigint, '', %s, %s::timestamptz, %s::timestamptz WHERE NOT EXISTS "
    f"(SELECT 1 FROM {_TOMBSTONE} WHERE account_id = %s AND person_sha256 = %s) ON CONFLICT DO NOTHING RETURNING id"
)
_SAME_LEAD = (
    f"UPDATE {_LEAD} SET last_seen_at = %s::timestamptz, external_user_id = %s "  # noqa: S608
    f"WHERE id = %s::bigint AND {VERSION} = %s RETURNING id"
)


def write_first(lead: Lead, conversion: Conversion, sends: Sequence[Send]) -> bool:
    """Inserts the first event of a new lead. False, and nothing written, where the person is known or erased."""
    seen, account = lead.first_seen_at.isoformat(), str(conversion.account_id)
    values = [lead.site_id, str(lead.telegram_user_id), lead.external_user_id, seen, seen]
    values += [account, person_sha256(account, lead.telegram_user_id)]
    return _write(_NEW_LEAD, values, lead, conversion, sends)


def write_next(lead: Lead, version: str, conversion: Conversion, sends: Sequence[Send], *, now: datetime) -> bool:
    """Inserts a further event. False, and nothing written, where the lead's row is another than that of `version`."""
    values = [now.isoformat(), lead.external_user_id, str(lead.pk), version]
    return _write(_SAME_LEAD, values, lead, conversion, sends)


def _write(lead_sql: str, values: list[str], lead: Lead, conversion: Conversion, sends: Sequence[Send]) -> bool:
    conversions, of_sends = _rows()
    rows = run_prepared(_sql(lead_sql), [*values, conversions.text([conversion]), of_sends.text(sends)])
    if not rows:
        return False
    lead.pk = conversion.lead_id = rows[0][0]
    for row in (lead, conversion, *sends):
        row._state.adding, row._state.db = False, connection.alias
    return True


@cache
def _sql(lead_sql: str) -> str:
    """Without a lead nothing is inserted at all: everything is selected from it."""
    conversions, sends = _rows()
    return (
        f"WITH lead AS ({lead_sql}), conversion AS ("  # noqa: S608
        f"INSERT INTO {Conversion._meta.db_table} ({conversions.columns}, lead_id) "
        f"SELECT {conversions.selected('c')}, lead.id FROM lead, {conversions.source('c')}), sent AS ("
        f"INSERT INTO {Send._meta.db_table} ({sends.columns}) "
        f"SELECT {sends.selected('s')} FROM lead, {sends.source('s')}) SELECT id FROM lead"
    )


@cache
def _rows() -> tuple[Rows[Conversion], Rows[Send]]:
    return Rows(Conversion, without="lead"), Rows(Send)
