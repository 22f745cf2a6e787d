"""Rules for the event that a channel's joins mean; shared by forms, admin and `provision`."""

from typing import Any, Protocol

from conversions import money
from conversions.choices import EventType
from leads.models import Channel


class Wanted(Protocol):
    """Gives the value a channel's column is to have."""

    def __call__(self, column: str, /) -> Any: ...


def problems(wanted: Wanted) -> dict[str, str]:
    """Column → what is wrong there; empty where a join's event can be recorded."""
    found: dict[str, str] = {}
    has_value, has_currency = wanted("value") is not None, bool(wanted("currency"))
    if has_value != has_currency:
        found["currency" if has_value else "value"] = "Value and currency come together."
    elif has_value:
        try:
            money.require_worth(wanted("value"), wanted("currency"))
        except ValueError as error:
            found["value"] = str(error).replace("value must", "It must")
    if wanted("event_type") == EventType.CUSTOM and not wanted("custom_event_name"):
        found["custom_event_name"] = "A Custom event needs a name."
    if wanted("event_type") == EventType.PURCHASE and wanted("auto_fire") and not has_value:
        found["value"] = "A Purchase with auto-fire needs a value; without auto-fire it waits for one."
    return found


def make_room_for_default(channel: Channel) -> None:
    """Takes the site's default from the channel that has it; call it in the transaction that gives it to this one."""
    Channel.objects.filter(site=channel.site, is_default=True).exclude(pk=channel.pk).update(is_default=False)
