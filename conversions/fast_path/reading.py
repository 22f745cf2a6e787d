"""Reads all that a new event needs to know, in one statement, and the lead's earlier events in another."""

from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from django.db import models

from adtarget.core.prepared import run_prepared
from conversions.inheritance import LOOKED_AT
from conversions.models import Conversion
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from dispatch.row_columns import Columns
from leads.models import ApiKey, Channel, Lead, Site
from leads.resolution import Named
from tracker.models import Visit

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Found:
    """Whose request it is and what it speaks of. `version` is that of the lead's row, '' without one."""

    key: ApiKey
    channel: Channel
    pixels: list[Pixel]
    lead: Lead | None
    version: str


@cache
def _columns() -> tuple[Columns[ApiKey], Columns[Site], Columns[Channel], Columns[Lead], Columns[Pixel]]:
    return (
        Columns(ApiKey, "k"),
        Columns(Site, "s"),
        _only(Channel, "c", "id site_id telegram_channel_id is_active"),
        Columns(Lead, "l"),
        _only(Pixel, "p", "id site_id platform pixel_id test_event_code options is_active"),
    )


def _only(model: type[M], alias: str, names: str) -> Columns[M]:
    """The named columns alone."""
    others = {field.attname for field in model._meta.concrete_fields} - set(names.split())
    return Columns(model, alias, without=others)


def find(*, prefix: str, mode: str, named: Named, telegram_user_id: int) -> Found | None:
    """What the ids of a request mean; None where they do not name a channel of a site that the key may use."""
    by_telegram = is_telegram_id(named.channel_id)
    values: list[str] = [named.channel_id, str(telegram_user_id), prefix, mode]
    values += [value for value in (named.site_id, named.website_id) if value]
    rows = run_prepared(_sql(by_telegram, bool(named.site_id), bool(named.website_id)), values)
    if not rows:
        return None
    keys, sites, channels, leads, pixels = _columns()
    site_at = keys.count
    channel_at = site_at + sites.count
    lead_at = channel_at + channels.count
    pixel_at = lead_at + leads.count
    row = rows[0]
    site = sites.read(row[site_at:])
    active = [pixels.read(each[pixel_at:], site=site) for each in rows if each[pixel_at] is not None]
    return Found(
        key=keys.read(row),
        channel=channels.read(row[channel_at:], site=site),
        pixels=[pixel for pixel in active if pixel.platform in PLATFORMS],
        lead=leads.read(row[lead_at:], site=site) if row[lead_at] is not None else None,
        version=row[-1] or "",
    )


def is_telegram_id(channel_id: str) -> bool:
    """Whether `channelId` names a channel by Telegram's id."""
    digits = channel_id[1:]
    return channel_id.startswith("-") and digits.isascii() and digits.isdigit() and len(digits) <= 18


@cache
def _sql(by_telegram: bool, has_site: bool, has_website: bool) -> str:
    keys, sites, channels, leads, pixels = _columns()
    channel = "c.telegram_channel_id = %s::bigint" if by_telegram else "c.id = %s"
    site = "(k.site_id IS NULL OR k.site_id = s.id)" if has_site or has_website else "k.site_id = s.id"
    wanted = [site, *(["s.id = %s"] if has_site else []), *(["s.website_id = %s"] if has_website else [])]
    return (
        f"SELECT {keys.sql}, {sites.sql}, {channels.sql}, {leads.sql}, {pixels.sql}, l.xmin::text || l.ctid::text "  # noqa: S608
        f"FROM {ApiKey._meta.db_table} k JOIN {Site._meta.db_table} s ON s.account_id = k.account_id "
        f"JOIN {Channel._meta.db_table} c ON c.site_id = s.id AND c.is_active AND {channel} "
        f"LEFT JOIN {Lead._meta.db_table} l ON l.site_id = s.id AND l.telegram_user_id = %s::bigint "
        f"LEFT JOIN {Pixel._meta.db_table} p ON p.site_id = s.id AND p.is_active "
        f"WHERE k.prefix = %s AND k.mode = %s AND {' AND '.join(wanted)} ORDER BY p.created_at"
    )


# ------------------------------------------------------------------ the lead's earlier events
#: What a new event takes of an earlier one.
_OF_EARLIER = (
    "id lead_id channel_id attributed_at event_type custom_event_name order_id pii "
    "session_id visit_id external_user_id api_visit_override consent is_test"
)


def history_of(lead: Lead) -> list[Conversion]:
    """As `conversions.inheritance.recent_history` of live events; only the latest has its visit."""
    earlier, visits = _history_columns()
    history: list[Conversion] = []
    for row in run_prepared(_history_sql(), [str(lead.pk)]):
        visit = visits.read(row[earlier.count :]) if row[earlier.count] is not None else None
        history.append(earlier.read(row, **({} if history else {"visit": visit})))
    return history


@cache
def _history_columns() -> tuple[Columns[Conversion], Columns[Visit]]:
    return _only(Conversion, "c", _OF_EARLIER), Columns(Visit, "v")


@cache
def _history_sql() -> str:
    earlier, visits = _history_columns()
    conversions, newest_first = Conversion._meta.db_table, "ORDER BY c.attributed_at DESC, c.id DESC"
    return (
        f"SELECT {earlier.sql}, {visits.sql} FROM (SELECT *, row_number() OVER ({newest_first}) AS place "  # noqa: S608
        f"FROM {conversions} c WHERE c.lead_id = %s::bigint AND NOT c.is_test {newest_first} LIMIT {LOOKED_AT}) c "
        f"LEFT JOIN {Visit._meta.db_table} v ON v.id = c.visit_id AND c.place = 1 ORDER BY c.place"
    )
