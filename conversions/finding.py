"""Finds conversions by the filters of GET /api/v1/conversions."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from conversions.choices import CapiStatus
from conversions.models import Conversion
from conversions.status import has_capi_status
from dispatch.models import Send
from leads.models import Channel

#: Filters that compare one column, by the name of the filter.
_COLUMNS = {
    "site_id": "site",
    "telegram_user_id": "telegram_user_id",
    "external_user_id": "external_user_id",
    "order_id": "order_id",
    "event_type": "event_type",
    "since": "attributed_at__gte",
    "until": "attributed_at__lt",
}
_SEND_COLUMNS = {"platform": "platform", "send_status": "status", "reason": "reason"}


def find_conversions(scope: Q, wanted: Mapping[str, Any]) -> QuerySet[Conversion]:
    """The conversions inside `scope` that match every filter of `wanted`; unordered, each with its sends.

    `channel_id` is ours or, where it starts with `-`, Telegram's. `platform`,
    `send_status` and `reason` speak of one and the same send.
    """
    found = Conversion.objects.filter(scope, **{_COLUMNS[name]: wanted[name] for name in _COLUMNS if name in wanted})
    for name in ("external_user_id", "order_id"):
        if name in wanted:
            found = found.exclude(**{name: ""})  # as the index of those that have one says
    if "channel_id" in wanted:
        found = found.filter(_is_channel(wanted["channel_id"]))
    if "event_id" in wanted:
        found = found.filter(_has_event_id(wanted["event_id"]))
    if "capi_status" in wanted:
        found = found.filter(has_capi_status(CapiStatus(wanted["capi_status"])))
    send = {_SEND_COLUMNS[name]: wanted[name] for name in _SEND_COLUMNS if name in wanted}
    if send:
        found = found.filter(Exists(Send.objects.filter(conversion=OuterRef("pk"), **send)))
    return found.prefetch_related("sends__pixel")


def _has_event_id(text: str) -> Q:
    """By the id that platforms get: the sender's own, or ours where they gave none."""
    return Q(own_event_id=text) & ~Q(own_event_id="") | Q(pk=text, own_event_id="")


def _is_channel(channel_id: str) -> Q:
    if not channel_id.startswith("-"):
        return Q(channel=channel_id)
    digits = channel_id[1:]
    if not digits.isdecimal() or len(digits) >= 19:
        return Q(pk__in=[])
    channels = Channel.objects.filter(telegram_channel_id=-int(digits))
    return Q(channel__in=list(channels.values_list("pk", flat=True)))
