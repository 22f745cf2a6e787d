"""Helpers that build payloads and requests; pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adtarget.core import exact_json
from adtarget.core.http_messages import PreparedRequest
from dispatch.choices import Reason
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig

_EMPTY: tuple[Any, ...] = ("", None, [], {})


def present(**fields: Any) -> Payload:
    """The fields that hold something: empty text, None and empty lists are left out."""
    return {key: value for key, value in fields.items() if value or value not in _EMPTY}


def listed(text: str) -> list[str]:
    """A list of one, or of none."""
    return [text] if text else []


def chosen(pixel: PixelConfig, option: str, event: OutgoingEvent) -> str:
    """What a map among the pixel's options holds for the event: by custom name, then by type; '' if nothing."""
    mapping = pixel.options.get(option)
    if not isinstance(mapping, Mapping):
        return ""
    return text(mapping.get(event.custom_name)) or text(mapping.get(event.event_type.value))


def price(event: OutgoingEvent, *, required: bool) -> Payload:
    """`value` and `currency`, or neither; CannotExpress where a required price is not known."""
    value = amount(event.value, event.currency) if event.value is not None and event.currency else 0
    if value:
        return {"value": value, "currency": event.currency}
    if required:
        raise CannotExpress(Reason.MISSING_VALUE)
    return {}


def amount(value: Decimal, currency: str) -> int | float | Decimal:
    """A decimal in major units as an exact JSON number.

    Quantised to the currency's exponent (ISO 4217).
    """
    exponent = _EXPONENTS.get(currency, 2)
    quantised = value.quantize(Decimal(1).scaleb(-exponent), rounding=ROUND_HALF_UP)
    return exact_json.number(quantised)


def minor_units(value: Decimal, currency: str) -> int:
    """A decimal in the currency's smallest unit, such as cents."""
    return int((value.scaleb(_EXPONENTS.get(currency, 2))).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def limited_data_use(pixel: PixelConfig, event: OutgoingEvent) -> Payload:
    """Meta's switch for US state laws, which Snapchat took over; 0 leaves the place to the person's IP."""
    if not (event.limited_data_use or pixel.options.get("limitedDataUse")):
        return {}
    return {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 0,
        "data_processing_options_state": 0,
    }


def unix_seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def unix_milliseconds(moment: datetime) -> int:
    return unix_seconds(moment) * 1000 + moment.microsecond // 1000


def json_request(url: str, *, headers: Mapping[str, str], document: Payload) -> PreparedRequest:
    """A POST of a JSON document in UTF-8."""
    return PreparedRequest(
        url=url, headers={"Content-Type": "application/json", **headers}, body=exact_json.encode(document)
    )


def text(value: Any) -> str:
    """A JSON string as it is, a number as text, anything else ''."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


#: Digits after the decimal point, by ISO 4217, where they are not two.
_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
