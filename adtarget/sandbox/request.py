"""A request as it came in, read once, and the reply of the sandbox's own pages and endpoints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """`headers` is asked by lower-case name."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return _pairs(urlsplit(self.target).query)

    @cached_property
    def form(self) -> dict[str, str]:
        return _pairs(self.body.decode("utf-8", "replace")) if self.is_form else {}

    @cached_property
    def document(self) -> Any:
        """The JSON body; None where it is not JSON."""
        return parse_json(self.body)

    @property
    def is_form(self) -> bool:
        return self._content_type == FORM

    @property
    def is_json(self) -> bool:
        return self._content_type == "application/json"

    @property
    def bearer(self) -> str:
        """The token of an `Authorization: Bearer` header, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def _content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_json(text: bytes | str) -> Any:
    """What the text says, or None: NaN and Infinity are no JSON."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
