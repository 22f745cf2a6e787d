"""JSON whose numbers are exact: what a float cannot hold is a Decimal, and is written as a number."""

import json
import math
import re
import secrets
from decimal import Decimal
from typing import Any

import orjson

#: Stands for a Decimal while the rest is encoded; random, so that no text of a caller can pass for it.
_MARK = secrets.token_hex(16)
_MARKED = re.compile(rf'"{_MARK}:([-+.0-9E]+)"')


def number(exact: Decimal) -> int | float | Decimal:
    """The plainest number that JSON writes exactly: an int, a float where its text is the amount, else the Decimal."""
    if exact == exact.to_integral_value():
        return int(exact)
    rounded = float(exact)
    return rounded if Decimal(repr(rounded)) == exact else exact


class ExactNumbers(json.JSONEncoder):
    """Mixed into an encoder: Decimals become JSON numbers."""

    def default(self, o: Any) -> Any:
        if isinstance(o, Decimal) and o.is_finite():
            return f"{_MARK}:{o}"
        return super().default(o)

    def encode(self, o: Any) -> str:
        text = super().encode(o)
        return _MARKED.sub(r"\1", text) if _MARK in text else text


class Decoder(json.JSONDecoder):
    """Reads what the encoder wrote, exactly."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"parse_float": _fraction, **options})


def dumps(document: Any, **options: Any) -> str:
    """`json.dumps`, taking Decimals."""
    return json.dumps(document, cls=ExactNumbers, **options)


def encode(document: Any) -> bytes:
    """The document as UTF-8 without white space, taking Decimals; several times as quick as `dumps`."""
    try:
        return orjson.dumps(document, default=_written)
    except TypeError:  # an integer of more than 64 bits, or half a surrogate pair
        return dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


def loads(text: str | bytes) -> Any:
    """`json.loads`, losing no digit."""
    return json.loads(text, cls=Decoder)


def _written(o: Any) -> orjson.Fragment:
    if isinstance(o, Decimal) and o.is_finite():
        return orjson.Fragment(str(o))
    raise TypeError


def _fraction(text: str) -> float | Decimal:
    rounded = float(text)
    return rounded if not math.isfinite(rounded) or Decimal(repr(rounded)) == Decimal(text) else Decimal(text)
