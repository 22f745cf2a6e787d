"""What each macro of a postback stands for in one event. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adtarget.core import exact_json
from conversions.choices import EventType
from dispatch.platforms.building import amount, chosen, unix_milliseconds, unix_seconds
from dispatch.platforms.facts import OutgoingEvent, PixelConfig
from dispatch.platforms.postback.presets import known_parameters
from dispatch.platforms.postback.template import PARAMETER, macros_in, preset_of, template_of

CLICK_IDS = frozenset("fbc gclid gbraid wbraid ttclid sccid".split())  # with a field of their own
_LOOKS_LIKE_CLICK = re.compile(r"click|^cid$|^sub_?id")


def values_of(event: OutgoingEvent, pixel: PixelConfig) -> dict[str, str]:
    """The macros that this pixel's template uses, with their values; what is not known is left out."""
    moment = event.occurred_at
    word = chosen(pixel, "rename", event)
    is_sale = event.event_type == EventType.PURCHASE
    known = {
        "click_id": click_id(event, pixel.options),
        "event": word or event.custom_name or event.event_type.value,
        "status": word or event.custom_name or ("sale" if is_sale else "lead"),
        "value": value_of(event),
        "currency": event.currency if value_of(event) else "",
        "order_id": event.order_id,
        "event_id": event.event_id,
        "conversion_id": event.conversion_id,
        "time": str(unix_seconds(moment)),
        "time_ms": str(unix_milliseconds(moment)),
        "telegram_user_id": event.telegram_user_id,
        "campaign": event.utms.get("utm_campaign", ""),
        "ad": event.utms.get("utm_content", ""),
    }
    used = macros_in(template_of(pixel.options))
    known |= {name: parameter(event, name.removeprefix(PARAMETER)) for name in used if name.startswith(PARAMETER)}
    return {name: known[name] for name in used if known.get(name)}


def value_of(event: OutgoingEvent) -> str:
    """The value in major units as the shortest decimal; '' without a value, or without its currency."""
    if event.value is None or not event.currency:
        return ""
    return exact_json.dumps(amount(event.value, event.currency)) if event.value else ""


def parameter(event: OutgoingEvent, name: str) -> str:
    """A parameter of the landing page: a kept one, a platform's click id or a UTM."""
    low = name.lower()
    known = event.parameters.get(low) or event.utms.get(low) or event.more_ids.get(low)
    return known or (event.signal(low) if low in CLICK_IDS else "")


def click_id(event: OutgoingEvent, options: Mapping[str, Any]) -> str:
    """The network's click id: of the parameter that was set up, else the preset's, else the likeliest there is."""
    return next(
        (found for name in click_parameters(options, event.parameters) if (found := parameter(event, name))), ""
    )


def click_parameters(options: Mapping[str, Any], there: Iterable[str] = ()) -> Sequence[str]:
    """Where the click id is looked for, in order."""
    if named := str(options.get("clickId") or ""):
        return [named]
    if preset := preset_of(options):
        return preset.click_parameters
    return [*known_parameters(), *(name for name in there if _LOOKS_LIKE_CLICK.search(name))]


def parameters_read(options: Mapping[str, Any]) -> list[str]:
    """The parameters of the landing page that the pixel reads by name: the site has to keep them."""
    macros = macros_in(template_of(options))
    named = [macro.removeprefix(PARAMETER) for macro in macros if macro.startswith(PARAMETER)]
    return [*named, *click_parameters(options)]
