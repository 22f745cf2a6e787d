"""Compares every answer of the API and the tracker, and every webhook message, with the OpenAPI document.

Answers are judged more strictly than the document says for readers: a field that it does not name is wrong here.
"""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import jsonschema_rs
import requests
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from dispatch.webhooks import outbox, signing

PREFIXES = ("/api/v1/", "/backend/track/")
VERBS = ("get", "post", "put", "patch", "delete")
REFUSAL = {"$ref": "#/components/schemas/ErrorAnswer"}
#: Django's test client is asked by threads too; whatever kind of client, the answer is the same to judge.
Headers = dict[str, str]


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


@contextmanager
def with_values(**more: list[str]) -> Iterator[None]:
    """The document with more values of its enums, by the component's name: for a platform made up by a test."""
    enums = {name: document()["components"]["schemas"][name] for name in more}
    before = {name: enum["enum"] for name, enum in enums.items()}
    forget = (_validator.cache_clear, _strict_components.cache_clear)
    for name, enum in enums.items():
        enum["enum"] = [*before[name], *more[name]]
    for each in forget:
        each()
    yield
    for name, enum in enums.items():
        enum["enum"] = before[name]
    for each in forget:
        each()


def judge(method: str, path: str, status: int, headers: Headers, content: bytes) -> None:
    """Raises AssertionError where the document does not describe the answer."""
    operation = operation_of(method, path)
    if status == 301 and headers.get("Location", "").startswith("https://"):
        return  # TLS is demanded before the API is asked (SECURE_SSL_REDIRECT)
    if operation is None:
        _judge_stranger(method, path, status, content)
        return
    answers = operation["responses"]
    where = f"{method} {path} answered {status}"
    assert str(status) in answers, f"{where}, which the document does not know: {content[:400]!r}"
    answer = _resolved(answers[str(status)])
    given = {name.lower() for name in headers}
    for name, header in answer.get("headers", {}).items():
        needed = _resolved(header).get("required", False)
        assert not needed or name.lower() in given, f"{where} without the header {name}."
    body = answer.get("content", {}).get("application/json")
    if body is None:
        assert not content, f"{where} with a body that the document does not know: {content[:400]!r}"
        return
    assert headers.get("Content-Type", "").startswith("application/json"), f"{where} as something else than JSON."
    _judge_body(where, _as_text(body["schema"]), content)


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a request; None where it has none."""
    for pattern, template in _templates():
        if pattern.fullmatch(path):
            found: dict[str, Any] | None = document()["paths"][template].get(method.lower())
            return found
    return None


@contextmanager
def every_answer_judged() -> Iterator[None]:
    """Judges what Django's test client and `requests` get, and the messages that are written, from here on."""
    of_django, of_requests = Client.request, requests.Session.send

    def ask_django(self: Client, **environ: Any) -> Any:
        answer = of_django(self, **environ)
        method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "")
        if _is_public(method, path):
            judge(method, path, answer.status_code, dict(answer.items()), answer.content)
        return answer

    def ask_server(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        answer = of_requests(self, request, **options)
        method, path = request.method or "GET", str(urlsplit(request.url or "").path)
        if _is_public(method, path):
            judge(method, path, answer.status_code, dict(answer.headers), answer.content)
        return answer

    with (
        patch.object(Client, "request", ask_django),
        patch.object(requests.Session, "send", ask_server),
        patch.object(outbox, "_write", _judged(outbox._write)),
    ):
        yield


def _judged(write: Any) -> Any:
    """Writes webhook messages and judges each by the document."""

    def write_and_judge(*arguments: Any, **named: Any) -> Any:
        messages = write(*arguments, **named)
        for message in messages:
            body = document()["webhooks"][message.event]["post"]["requestBody"]["content"]["application/json"]
            _judge_body(f"A message {message.event}", _as_text(body["schema"]), signing.encode(message.body))
        return messages

    return write_and_judge


def _is_public(method: str, path: str) -> bool:
    return path.startswith(PREFIXES) and method.lower() in VERBS


def _judge_stranger(method: str, path: str, status: int, content: bytes) -> None:
    """An address or method that the document does not know is refused."""
    assert 400 <= status < 600, f"{method} {path} is not in the document, and was answered {status}."
    _judge_body(f"{method} {path} answered {status}", _as_text(REFUSAL), content)


def _judge_body(where: str, schema: str, content: bytes) -> None:
    problems = [
        f"{'/'.join(map(str, error.instance_path)) or 'the body'}: {error.message[:300]}"
        for error in _validator(schema).iter_errors(json.loads(content))
    ]
    assert not problems, f"{where}, not as documented. {'; '.join(problems)}"


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Written-out addresses before those with parameters, as Django looks for them."""
    paths = sorted(document()["paths"], key=lambda path: (path.count("{"), path))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in paths]


@cache
def _validator(schema: str) -> Any:
    whole = {**json.loads(schema), "components": _strict_components()}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def _strict_components() -> dict[str, Any]:
    return {"schemas": {name: _strict(schema) for name, schema in document()["components"]["schemas"].items()}}


def _strict(schema: Any) -> Any:
    """The schema with no room for fields that it does not name."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: _strict(inner) for name, inner in copy.copy(schema).items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)
