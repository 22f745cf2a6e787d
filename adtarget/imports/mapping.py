"""What the columns of a file mean: fields of POST /events/conversion, guessed from their names or chosen."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from adtarget.core.consent import QUESTIONS, RAW_STRINGS
from adtarget.core.exact_json import loads
from adtarget.core.times import milliseconds
from conversions.choices import EventType
from conversions.requests import ConversionRequest, PiiRequest

#: Names of columns that people and other tools use, without case, blanks and punctuation.
OTHER_NAMES = {
    "eventType": ("event", "eventname", "type"),
    "telegramUserId": ("telegramid", "telegram", "tgid", "tguserid"),
    "eventTime": ("time", "date", "happenedat", "createdat", "timestamp", "eventtimestamp", "orderdate", "paidat"),
    "value": ("amount", "price", "total", "revenue", "sum"),
    "orderId": ("order", "ordernumber", "transactionid", "txid"),
    "externalUserId": ("externalid", "customerid"),
    "customEventName": ("customevent",),
    "contentName": ("content", "product", "productname"),
    "pii.email": ("email", "mail"),
    "pii.phone": ("phone", "phonenumber", "tel"),
    "pii.firstName": ("firstname",),
    "pii.lastName": ("lastname", "surname"),
    "clientIp": ("ip", "ipaddress"),
    "userAgent": ("ua",),
    "eventSourceUrl": ("url", "pageurl"),
}
REQUIRED = ("telegramUserId", "eventType")
_PUNCTUATION = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_EVENT_TYPES = {str(name).lower(): str(name) for name in EventType.values}


@cache
def fields() -> tuple[str, ...]:
    """Every field that a column may fill, as the API names it; inner ones with a dot."""
    inner: dict[str, list[str]] = {
        "pii": list(map(str, PiiRequest().get_fields())),
        "consent": [*QUESTIONS, *RAW_STRINGS, "gdprApplies", "consentMode"],
    }
    return tuple(
        name
        for outer in map(str, ConversionRequest().get_fields())
        for name in ([f"{outer}.{one}" for one in inner[outer]] if outer in inner else [outer])
    )


def guess(columns: Iterable[str]) -> dict[str, str]:
    """The field of each column whose name says it; the first column wins where two mean the same."""
    by_name = {_bare(other): name for name, others in OTHER_NAMES.items() for other in others}
    by_name |= {_bare(name): name for name in fields()}
    found: dict[str, str] = {}
    own = {_bare(name) for name in fields()}
    # A column named as the field takes it before one that means the same.
    for column in sorted(columns, key=lambda column: _bare(column) not in own):
        name = by_name.get(_bare(column))
        if name and name not in found.values():
            found[column] = name
    return found


def missing(columns: Mapping[str, str], fixed: Mapping[str, str]) -> list[str]:
    """The required fields that neither a column nor a fixed value fills."""
    return [name for name in REQUIRED if name not in columns.values() and name not in fixed]


def body_of(values: Mapping[str, Any], columns: Mapping[str, str], fixed: Mapping[str, str]) -> dict[str, Any]:
    """The row as the body of POST /events/conversion; empty cells are absent."""
    body: dict[str, Any] = {}
    filled = {name: values[column] for column, name in columns.items() if values.get(column) not in (None, "")}
    for name, given in {**fixed, **filled}.items():
        outer, _, inner = name.partition(".")
        value = _typed(name, given) if isinstance(given, str) else given
        if inner:
            body.setdefault(outer, {})[inner] = value
        else:
            body[outer] = value
    return body


def _typed(name: str, text: str) -> Any:
    """A cell's text as what JSON would hold; text that is no such thing stays, and is refused by the field."""
    if name == "value":
        return Decimal(text) if _NUMBER.fullmatch(text) else text
    if name == "eventTime":
        return _moment(text)
    if name == "eventType":
        return _EVENT_TYPES.get(text.lower(), text)
    if name == "consent.consentMode":
        return _json(text)
    if name.startswith("consent.") and name.partition(".")[2] not in RAW_STRINGS:
        return _FLAGS.get(text.lower(), text)
    return text


def _moment(text: str) -> int | str:
    """Unix milliseconds of digits, of a date, or of a date and time; UTC where no zone is named."""
    if text.isascii() and text.isdigit() and len(text) <= 16:
        return int(text)
    try:
        day = None if len(text) > 10 else parse_date(text)
        found = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
    except ValueError:
        return text
    if found is None:
        return text
    return milliseconds(found if found.tzinfo else found.replace(tzinfo=UTC))


def _json(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _bare(name: str) -> str:
    return _PUNCTUATION.sub("", name).lower()
