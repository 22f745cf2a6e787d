"""Finds or creates a lead, one Telegram user on one site, and locks its row. An erased person gets none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from adtarget.core import errors
from leads.models import ErasedPerson, Lead, Site
from leads.tombstones import person_sha256

_LOCK = (
    f"UPDATE {Lead._meta.db_table} SET last_seen_at = last_seen_at "  # noqa: S608
    "WHERE site_id = %s AND telegram_user_id = %s RETURNING *"
)


def lock_lead(*, site: Site, telegram_user_id: int, now: datetime) -> tuple[Lead, bool]:
    """The lead, locked until the transaction ends, and whether it is new. Raises PersonErased.

    Two requests for one person are serialized here: on PostgreSQL the insert
    waits for the other's commit and the update takes the row lock; on SQLite only
    one transaction writes at a time. The update changes nothing but the row's
    version, by which `conversions.fast_path` sees that somebody was here. That the insert says whether the lead is new
    spares a first event the search for earlier ones.
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
    known = next(iter(Lead.objects.raw(_LOCK, [site.pk, telegram_user_id])), None)
    if known is None:
        raise errors.PersonErased
    known.site = site
    return known, False


MOST_AT_ONCE = 250  # SQLite puts 500 queries together at most


@dataclass(frozen=True, slots=True)
class NewLead:
    """A person to be added to a site."""

    site: Site
    telegram_user_id: int
    external_user_id: str
    seen_at: datetime


def add_leads(people: Sequence[NewLead]) -> list[Lead]:
    """Adds those people who are neither known on their site nor erased, locked as by `lock_lead`; only these."""
    # In one order, so that two transactions do not wait for each other.
    ordered = sorted(people, key=lambda person: (person.site.pk, person.telegram_user_id))
    pieces = (ordered[start : start + MOST_AT_ONCE] for start in range(0, len(ordered), MOST_AT_ONCE))
    return [lead for piece in pieces for lead in _add(piece)]


def _add(people: Sequence[NewLead]) -> list[Lead]:
    table, tombstones = Lead._meta.db_table, ErasedPerson._meta.db_table
    each = (
        f"SELECT %s, %s, '', %s, %s, %s WHERE NOT EXISTS (SELECT 1 FROM {tombstones} "  # noqa: S608
        "WHERE account_id = %s AND person_sha256 = %s)"
    )
    by_person = {(person.site.pk, person.telegram_user_id): person for person in people}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (site_id, telegram_user_id, telegram_username, external_user_id, first_seen_at, "
            f"last_seen_at) {' UNION ALL '.join([each] * len(people))} ON CONFLICT DO NOTHING "
            "RETURNING id, site_id, telegram_user_id",
            [value for person in people for value in _values(person)],
        )
        return [_lead(lead_id, by_person[site_id, user_id]) for lead_id, site_id, user_id in cursor.fetchall()]


def _values(person: NewLead) -> list[Any]:
    account_id = person.site.account_id
    seen_at = connection.ops.adapt_datetimefield_value(person.seen_at)
    tombstone = [account_id, person_sha256(account_id, person.telegram_user_id)]
    return [person.site.pk, person.telegram_user_id, person.external_user_id, seen_at, seen_at, *tombstone]


def _lead(lead_id: int, person: NewLead) -> Lead:
    lead = Lead(
        pk=lead_id,
        site=person.site,
        telegram_user_id=person.telegram_user_id,
        external_user_id=person.external_user_id,
        first_seen_at=person.seen_at,
        last_seen_at=person.seen_at,
    )
    lead._state.adding = False
    lead._state.db = connection.alias
    return lead
