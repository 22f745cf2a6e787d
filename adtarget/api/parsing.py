"""Parses request bodies as strict JSON and validates them with serializers."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.serializers import Serializer

from adtarget.core import errors

DEEPEST = 16
LONGEST_NUMBER = 40  # digits; a value of ours has at most 16
_SUSPECT_ESCAPE = re.compile(rb"\x00|\\u(?:0000|[dD][89a-fA-F])")


class StrictJSONParser(JSONParser):
    """Declares the media type for the API description; views read bodies through `parse`."""

    media_type = "application/json"


def parse(serializer_class: type[Serializer], request: HttpRequest) -> dict[str, Any]:
    """The validated fields of the body. Raises InvalidPayload naming each wrong field."""
    return validate(serializer_class, read_json(request))


def validate(serializer_class: type[Serializer], data: dict[str, Any]) -> dict[str, Any]:
    """The validated fields of `data`; null means absent."""
    given = {name: value for name, value in data.items() if value is not None}
    try:
        facts: dict[str, Any] = _instance(serializer_class).run_validation(given)
    except ValidationError as error:
        details = list(problems(error.detail))
        raise errors.InvalidPayload(details[0]["message"] if details else "", details=details) from error
    return facts


def present(serializer_class: type[Serializer], facts: object) -> dict[str, Any]:
    """The serializer's representation of `facts`."""
    shown: dict[str, Any] = _instance(serializer_class).to_representation(facts)
    return shown


@cache
def _instance(serializer_class: type[Serializer]) -> Serializer:
    """One instance for all requests: it keeps no state, and building its fields costs more than validating."""
    return serializer_class()


def problems(detail: Any, path: str = "") -> Iterator[errors.FieldProblem]:
    """DRF's nested errors as a flat list of fields and sentences."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from problems(inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from problems(inner, path)
    else:
        text = str(detail)
        # DRF writes "this field", which means nothing outside a form.
        message = text.replace("This field", path) if text.startswith("This field") else text
        yield {"field": path, "message": message if path in message or not path else f"{path}: {message}"}


def read_json(request: HttpRequest, *, allow_text_plain: bool = False, most: int = 0) -> dict[str, Any]:
    """The body as a JSON object.

    Refuses, as the public errors: another media type, charset or encoding,
    over `most` bytes (64 KiB), a length that lies, a byte order mark, bytes that are not
    UTF-8, duplicate keys at top level, NaN and Infinity, NUL and lone
    surrogates in any string, nesting over 16.
    """
    _require_plain_json(request, allow_text_plain=allow_text_plain)
    body = read_body(request, most=most or settings.API_MAX_BODY_BYTES)
    if body.startswith(BOM_UTF8):
        raise errors.InvalidPayload("The body starts with a byte order mark. Send UTF-8 without one.")
    return read_object(body)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are. Raises InvalidPayload."""
    try:
        data = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise errors.InvalidPayload("The body is not UTF-8.") from error
    except RecursionError as error:
        raise errors.InvalidPayload("The body is nested too deep.") from error
    except ArithmeticError as error:  # 1e9999999999999999999 is no Decimal
        raise errors.InvalidPayload("The body is not valid JSON: a number is out of range.") from error
    except ValueError as error:
        raise errors.InvalidPayload(f"The body is not valid JSON: {error}.") from error
    if not isinstance(data, _Pairs):
        raise errors.InvalidPayload("The body must be a JSON object.")
    if len(data.keys_given) != len(data):
        raise errors.InvalidPayload("The body names a key twice.")
    _check(data, depth=1, check_text=bool(_SUSPECT_ESCAPE.search(body)))
    return dict(data)


def _require_plain_json(request: HttpRequest, *, allow_text_plain: bool) -> None:
    """Raises UnsupportedMediaType for what is not JSON in UTF-8 as it is."""
    media_type = request.content_type
    if media_type != "application/json" and not (allow_text_plain and media_type in ("text/plain", "")):
        raise errors.UnsupportedMediaType
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise errors.UnsupportedMediaType("JSON is sent in UTF-8. Leave charset out of Content-Type, or say utf-8.")
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise errors.UnsupportedMediaType("Send the body as it is, not compressed: leave Content-Encoding out.")


class _Pairs(dict[str, Any]):
    """A JSON object that remembers how many keys were written."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.keys_given = pairs


def _number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number has too many digits")
    return int(text)


def _fraction(text: str) -> Decimal:
    number = Decimal(text)
    if not -400 < number.adjusted() < 400:
        raise ValueError("a number is out of range")
    return number


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_number, parse_float=_fraction, parse_constant=_constant, strict=True
)


def _check(value: Any, *, depth: int, check_text: bool) -> None:
    if depth > DEEPEST:
        raise errors.InvalidPayload("The body is nested too deep.")
    if isinstance(value, str):
        if check_text and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
            raise errors.InvalidPayload("The body holds a NUL character or half a surrogate pair.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth=depth, check_text=check_text)
            _check(inner, depth=depth + 1, check_text=check_text)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth=depth + 1, check_text=check_text)


def read_body(request: HttpRequest, *, most: int) -> bytes:
    """The whole body, chunked or not. Raises PayloadTooLarge over `most` bytes, unread where its length says so.

    What could not be read once is refused with the same words again: a stream cannot be read twice.
    """
    refused: errors.ApiError | None = getattr(request, "refused_body", None)
    if refused:
        raise refused
    try:
        return _read_body(request, most=most)
    except errors.ApiError as error:
        request.refused_body = error  # type: ignore[attr-defined]
        raise


def _read_body(request: HttpRequest, *, most: int) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared and not (declared.isdecimal() and len(declared) < 20):
        raise errors.InvalidPayload("Content-Length is not a number.")
    too_large = errors.PayloadTooLarge(f"The body is over {most // 1024} KiB.")
    if declared and int(declared) > most:
        raise too_large
    try:
        # A chunked body has no length, and Django would read none of it; gunicorn ends the stream for us.
        is_chunked = not declared and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        if is_chunked and not hasattr(request, "_body"):
            request._body = _read_chunks(request, most=most + 1)
        body: bytes = request.body
    except RequestDataTooBig as error:
        raise too_large from error
    except (UnreadablePostError, OSError) as error:
        raise errors.InvalidPayload("The body ended early.") from error
    if len(body) > most:
        raise too_large
    if declared and len(body) < int(declared):
        raise errors.InvalidPayload("The body is shorter than Content-Length says.")
    return body


def _read_chunks(request: HttpRequest, *, most: int) -> bytes:
    """Up to `most` bytes of a chunked body."""
    try:
        body: bytes = request.META["wsgi.input"].read(most)
    except OSError:
        raise
    except Exception as error:  # each server has exceptions of its own for a malformed chunk
        raise errors.InvalidPayload("The chunks of the body are malformed.") from error
    return body
