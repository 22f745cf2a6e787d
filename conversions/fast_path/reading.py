"""Reads all that a new event needs to know, in one statement, and the lead's earlier events in another."""

from dataclasses import dataclass
from functools import cache

from adtarget.core import server_prepared
from adtarget.core.server_prepared import Columns, Text
from conversions.inheritance import LOOKED_AT
from conversions.models import Conversion
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from leads.models import ApiKey, Channel, Lead, Site
from leads.resolution import Named
from tracker.models import Visit


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
        Columns(ApiKey),
        Columns(Site),
        Columns(Channel, "id", "site", "telegram_channel_id", "is_active"),
        Columns(Lead),
        Columns(Pixel, "id", "site", "platform", "pixel_id", "test_event_code", "options", "is_active"),
    )


def find(*, prefix: str, mode: str, named: Named, telegram_user_id: int) -> Found | None:
    """What the ids of a request mean; None where they do not name a channel of a site that the key may use."""
    by_telegram = is_telegram_id(named.channel_id)
    values: list[Text] = [named.channel_id, str(telegram_user_id), prefix, mode]
    values += [value for value in (named.site_id, named.website_id) if value]
    rows = server_prepared.run(_sql(by_telegram, bool(named.site_id), bool(named.website_id)), values)
    if not rows:
        return None
    parts = _columns()
    ends = [sum(part.width for part in parts[: number + 1]) for number in range(len(parts))]
    key_columns, site_columns, channel_columns, lead_columns, pixel_columns = parts
    row = rows[0]
    channel = channel_columns.read(row[ends[1] : ends[2]])
    channel.site = site_columns.read(row[ends[0] : ends[1]])
    pixels = [pixel_columns.read(each[ends[3] : ends[4]]) for each in rows if each[ends[3]] is not None]
    return Found(
        key=key_columns.read(row[: ends[0]]),
        channel=channel,
        pixels=[pixel for pixel in pixels if pixel.platform in PLATFORMS],
        lead=lead_columns.read(row[ends[2] : ends[3]]) if row[ends[2]] is not None else None,
        version=row[-1] or "",
    )


def is_telegram_id(channel_id: str) -> bool:
    """Whether `channelId` names a channel by Telegram's id."""
    digits = channel_id[1:]
    return channel_id.startswith("-") and digits.isascii() and digits.isdigit() and len(digits) <= 18


@cache
def _sql(by_telegram: bool, has_site: bool, has_website: bool) -> str:
    of_key, of_site, of_channel, of_lead, of_pixel = _columns()
    keys, sites, channels = of_key.sql("k"), of_site.sql("s"), of_channel.sql("c")
    leads, pixels = of_lead.sql("l"), of_pixel.sql("p")
    channel = "c.telegram_channel_id = %s::bigint" if by_telegram else "c.id = %s"
    site = "(k.site_id IS NULL OR k.site_id = s.id)" if has_site or has_website else "k.site_id = s.id"
    wanted = [site, *(["s.id = %s"] if has_site else []), *(["s.website_id = %s"] if has_website else [])]
    return (
        f"SELECT {keys}, {sites}, {channels}, {leads}, {pixels}, l.xmin::text "  # noqa: S608
        f"FROM {ApiKey._meta.db_table} k JOIN {Site._meta.db_table} s ON s.account_id = k.account_id "
        f"JOIN {Channel._meta.db_table} c ON c.site_id = s.id AND c.is_active AND {channel} "
        f"LEFT JOIN {Lead._meta.db_table} l ON l.site_id = s.id AND l.telegram_user_id = %s::bigint "
        f"LEFT JOIN {Pixel._meta.db_table} p ON p.site_id = s.id AND p.is_active "
        f"WHERE k.prefix = %s AND k.mode = %s AND {' AND '.join(wanted)} ORDER BY p.created_at"
    )


# ------------------------------------------------------------------ the lead's earlier events
#: What a new event takes of an earlier one.
_OF_EARLIER = (
    "id lead channel attributed_at event_type custom_event_name order_id pii "
    "session visit external_user_id api_visit_override consent is_test"
).split()


def history_of(lead: Lead) -> list[Conversion]:
    """As `conversions.inheritance.recent_history` of live events; only the latest has its visit."""
    earlier, visits = _history_columns()
    history: list[Conversion] = []
    for row in server_prepared.run(_history_sql(), [str(lead.pk)]):
        conversion = earlier.read(row[: earlier.width])
        if not history and conversion.visit_id:
            conversion.visit = visits.read(row[earlier.width :])
        history.append(conversion)
    return history


@cache
def _history_columns() -> tuple[Columns[Conversion], Columns[Visit]]:
    return Columns(Conversion, *_OF_EARLIER), Columns(Visit)


@cache
def _history_sql() -> str:
    earlier, visits = _history_columns()
    latest = (
        f"SELECT {earlier.sql('c')}, row_number() OVER (ORDER BY c.attributed_at DESC, c.id DESC) AS place "  # noqa: S608
        f"FROM {Conversion._meta.db_table} c WHERE c.lead_id = %s::bigint AND NOT c.is_test "
        f"ORDER BY c.attributed_at DESC, c.id DESC LIMIT {LOOKED_AT}"
    )
    return (
        f"SELECT {earlier.sql('e')}, {visits.sql('v')} FROM ({latest}) e "  # noqa: S608
        f"LEFT JOIN {Visit._meta.db_table} v ON v.id = e.visit_id AND e.place = 1 ORDER BY e.place"
    )
