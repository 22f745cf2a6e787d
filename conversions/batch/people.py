"""Inserts, locks and reads the leads of a batch, with their latest events."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from conversions.batch.items import Item
from conversions.inheritance import LOOKED_AT
from conversions.models import Conversion
from dispatch.models import Send
from leads.models import ApiKey, ErasedPerson, Lead
from leads.tombstones import person_sha256

Person = tuple[str, int]  # site and Telegram id


@dataclass(slots=True)
class Known:
    """A lead under lock, with its events, newest first, and the sends of those that may be repeated."""

    lead: Lead
    history: list[Conversion] = field(default_factory=list)
    sends: dict[str, list[Send]] = field(default_factory=dict)


def lock_people(key: ApiKey, items: Iterable[Item], *, looks_back_to: datetime, now: datetime) -> dict[Person, Known]:
    """The leads, locked until the transaction ends; an erased person has none."""
    sites = {item.channel.site_id: item.channel.site for item in items if item.channel}
    persons = {(item.channel.site_id, item.telegram_user_id) for item in items if item.channel}
    if not persons:
        return {}
    new = _insert(key, sorted(persons), now)
    # In one order, so that two batches do not wait for each other.
    wanted = Lead.objects.filter(site__in=sites, telegram_user_id__in={person for _, person in persons})
    known: dict[Person, Known] = {}
    for lead in wanted.select_for_update().order_by("site", "telegram_user_id"):
        lead.site = sites[lead.site_id]
        known[lead.site_id, lead.telegram_user_id] = Known(lead)
    _read_history(key, [one for one in known.values() if one.lead.pk not in new], looks_back_to)
    return known


def _insert(key: ApiKey, persons: list[Person], now: datetime) -> set[int]:
    """Inserts those that are not there; their ids."""
    table, tombstones = Lead._meta.db_table, ErasedPerson._meta.db_table
    rows = [
        {"site_id": site, "person": person, "sha": person_sha256(key.account_id, person)} for site, person in persons
    ]
    if connection.vendor == "postgresql":
        source = "json_to_recordset(%s::json) AS r(site_id text, person bigint, sha text)"
    else:
        parts = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in ("site_id", "person", "sha"))
        source = f"(SELECT {parts} FROM json_each(%s)) r"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (site_id, telegram_user_id, telegram_username, external_user_id, first_seen_at, "  # noqa: S608
            f"last_seen_at) SELECT r.site_id, r.person, '', '', %s, %s FROM {source} WHERE NOT EXISTS "
            f"(SELECT 1 FROM {tombstones} WHERE account_id = %s AND person_sha256 = r.sha) "
            "ORDER BY r.site_id, r.person ON CONFLICT DO NOTHING RETURNING id",
            [*[connection.ops.adapt_datetimefield_value(now)] * 2, json.dumps(rows), key.account_id],
        )
        return {row[0] for row in cursor.fetchall()}


def _read_history(key: ApiKey, known: list[Known], looks_back_to: datetime) -> None:
    """The latest events of each lead, and the older ones that an event of the batch may repeat."""
    by_lead = {one.lead.pk: one for one in known}
    if not by_lead:
        return
    place = Window(RowNumber(), partition_by=F("lead"), order_by=[F("attributed_at").desc(), F("id").desc()])
    mine = Conversion.objects.filter(lead__in=by_lead, is_test=key.is_test)
    numbered = mine.annotate(place=place).filter(Q(place__lte=LOOKED_AT) | Q(attributed_at__gt=looks_back_to))
    # Locked apart from the window, which PostgreSQL does not lock: a value may be submitted meanwhile.
    ids = list(numbered.values_list("pk", flat=True))
    if not ids:
        return
    rows = Conversion.objects.filter(pk__in=ids).select_related("visit").select_for_update(of=("self",), no_key=True)
    for conversion in sorted(rows.order_by("pk"), key=lambda one: (one.attributed_at, one.pk), reverse=True):
        one = by_lead[conversion.lead_id]
        conversion.lead, conversion.site = one.lead, one.lead.site
        one.history.append(conversion)
        one.sends[conversion.pk] = []
    for send in Send.objects.filter(conversion__in=ids).select_related("conversion"):
        by_lead[send.conversion.lead_id].sends[send.conversion_id].append(send)
