"""The public endpoints leave the chain of middleware early, and are protected as before."""

from typing import Any

import pytest
from django.http import HttpRequest

from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db

PUBLIC = ["/api/v1/channels", "/api/v1/nothing", "/backend/track/init", "/backend/nothing"]


class Seen:
    """Stands innermost among the middleware of pages, and remembers what came by."""

    paths: list[str]

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        type(self).paths.append(request.path)
        return self._get_response(request)


@pytest.fixture
def seen(settings: Any) -> list[str]:
    Seen.paths = []
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Seen"]
    return Seen.paths


@pytest.mark.parametrize("path", PUBLIC)
def test_no_public_request_meets_the_middleware_of_pages(client, seen, path) -> None:
    client.get(path)
    assert not seen


@pytest.mark.parametrize("path", ["/sign-in/", "/api/docs/"])
def test_pages_keep_all_their_middleware(client, seen, path) -> None:
    client.get(path)
    assert seen


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Access-Control-Allow-Origin", "*"),
    ],
)
def test_every_public_answer_has_its_security_headers(client, path, header, value) -> None:
    assert client.get(path).headers[header] == value


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_answer_says_its_length(client, path) -> None:
    answer = client.get(path)
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_no_public_answer_sets_a_cookie_of_pages(api) -> None:
    assert not api.post(CONVERSION, {}).cookies


def test_tls_is_demanded_of_the_api_too(client, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/api/v1/me?a=1")["Location"] == "https://testserver/api/v1/me?a=1"


def test_tls_is_remembered_by_who_asked_over_it(client, settings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    assert client.get("/api/v1/me", secure=True)["Strict-Transport-Security"] == "max-age=60"
