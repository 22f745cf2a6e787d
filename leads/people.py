"""Finding and locking the lead: one Telegram user on one site. Whom an account erased, nobody finds or makes again."""

import hashlib
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from adtarget.core import errors
from leads.models import ErasedPerson, Lead, Site


def lock_lead(*, site: Site, telegram_user_id: int, now: datetime) -> tuple[Lead, bool]:
    """The person's row, locked until the transaction ends, and whether it is new. Raises PersonErased.

    Twins meet here: on PostgreSQL the insert waits for a twin's commit and the
    read takes the row lock; on SQLite the transaction is alone anyway. One
    statement tells a new lead, so a first event needs no look at the past.
    """
    table, tombstones = Lead._meta.db_table, ErasedPerson._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (site_id, telegram_user_id, telegram_username, external_user_id, first_seen_at, "  # noqa: S608
            f"last_seen_at) SELECT %s, %s, '', '', %s, %s WHERE NOT EXISTS (SELECT 1 FROM {tombstones} "
            "WHERE account_id = %s AND person_sha256 = %s) ON CONFLICT DO NOTHING RETURNING id",
            [
                site.pk,
                telegram_user_id,
                *[connection.ops.adapt_datetimefield_value(now)] * 2,
                site.account_id,
                person_sha256(site.account_id, telegram_user_id),
            ],
        )
        row = cursor.fetchone()
    if row is not None:
        lead = Lead(pk=row[0], site=site, telegram_user_id=telegram_user_id, first_seen_at=now, last_seen_at=now)
        lead._state.adding = False
        lead._state.db = connection.alias
        return lead, True
    known = Lead.objects.select_for_update().filter(site=site, telegram_user_id=telegram_user_id).first()
    if known is None:
        raise errors.PersonErased
    known.site = site
    return known, False


def person_sha256(account_id: str, telegram_user_id: int) -> str:
    """By which an account knows whom it erased, without knowing them."""
    return hashlib.sha256(f"{account_id}:{telegram_user_id}".encode()).hexdigest()


def was_erased_after(account_id: str, telegram_user_id: int, moment: datetime) -> bool:
    """Did the account erase the person after something of them happened?"""
    return _tombstones(account_id, telegram_user_id).filter(erased_at__gte=moment).exists()


def welcome_back(account_id: str, telegram_user_id: int, *, at: datetime) -> bool:
    """Lifts the tombstone of somebody who came again by their own will since; whether there was one to lift."""
    lifted, _ = _tombstones(account_id, telegram_user_id).filter(erased_at__lt=at).delete()
    return bool(lifted)


def _tombstones(account_id: str, telegram_user_id: int) -> QuerySet[ErasedPerson]:
    return ErasedPerson.objects.filter(account=account_id, person_sha256=person_sha256(account_id, telegram_user_id))
