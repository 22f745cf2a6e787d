"""Finding and locking the lead: one Telegram user on one site."""

from datetime import datetime

from django.db import connection

from leads.models import Lead, Site


def lock_lead(*, site: Site, telegram_user_id: int, now: datetime) -> tuple[Lead, bool]:
    """The person's row, locked until the transaction ends, and whether it is new.

    Twins meet here: on PostgreSQL the insert waits for a twin's commit and the
    read takes the row lock; on SQLite the transaction is alone anyway. One
    statement tells a new lead, so a first event needs no look at the past.
    """
    table = Lead._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (site_id, telegram_user_id, telegram_username, external_user_id, first_seen_at, "  # noqa: S608
            "last_seen_at) VALUES (%s, %s, '', '', %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [site.pk, telegram_user_id, *[connection.ops.adapt_datetimefield_value(now)] * 2],
        )
        row = cursor.fetchone()
    if row is not None:
        lead = Lead(pk=row[0], site=site, telegram_user_id=telegram_user_id, first_seen_at=now, last_seen_at=now)
        lead._state.adding = False
        lead._state.db = connection.alias
        return lead, True
    lead = Lead.objects.select_for_update().get(site=site, telegram_user_id=telegram_user_id)
    lead.site = site
    return lead, False
