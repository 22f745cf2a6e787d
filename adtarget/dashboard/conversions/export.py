"""The list of conversions as a file."""

from collections.abc import Mapping

from adtarget.dashboard.conversions.forms import ConversionFilter
from adtarget.dashboard.conversions.queries import find_conversions
from adtarget.exports.reading import List
from conversions.identifiers import effective_signals, effective_utms
from conversions.models import Conversion
from conversions.status import capi_status
from leads.models import Account
from tracker.click_ids import UTMS, parameters_among
from tracker.sources import ad_source, parameters_as_text

HEADER = (
    "Conversion id",
    "Accepted at",
    "Happened at",
    "Telegram id",
    "External id",
    "Order id",
    "Channel",
    "Event",
    "Value",
    "Currency",
    "Ad source",
    "Source",
    "Status",
    "UTM source",
    "UTM medium",
    "UTM campaign",
    "UTM content",
    "UTM term",
    "Click parameters",
    # With these adtarget.imports reads the file again.
    "Event type",
    "Custom event",
    "Content",
    "Site id",
    "Channel id",
    "Event id",
)


def wanted_list(account: Account, query: Mapping[str, str]) -> List:
    """What the list's page shows under this query. Http404 where it names another account's channel."""
    found = find_conversions(account, ConversionFilter(account, query).wanted()).prefetch_related("sends")
    return List(name="conversions", header=HEADER, rows=found, moment="attributed_at", line=_line)


def _line(row: Conversion) -> tuple[object, ...]:
    utms = effective_utms(row)
    return (
        row.pk,
        row.attributed_at.isoformat(),
        row.event_time.isoformat(),
        row.telegram_user_id,
        row.external_user_id,
        row.order_id,
        row.channel.title,
        row.event_name,
        row.value,
        row.currency,
        ad_source(row.visit),
        row.source,
        capi_status(row),
        *(utms.get(name, "") for name in UTMS),
        parameters_as_text(parameters_among(effective_signals(row))),
        row.event_type,
        row.custom_event_name,
        row.content_name,
        row.site_id,
        row.channel_id,
        row.own_event_id,
    )
