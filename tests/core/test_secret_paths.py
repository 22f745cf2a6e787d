"""Addresses that are secrets stand in no log line and in no error report, whatever the answer is."""

import gzip
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from adtarget.core import logs
from adtarget.core.shown_path import shown_path

SECRET = "s3cr3tPartOfAnAddress0123456789"
#: Names of things, which end in `id`, and of kinds. A parameter of another name is tested as a secret.
NO_SECRETS = re.compile(r"(\w+_)?id|app_label|platform")
_PARAMETER = re.compile(r"\(\?P<(?P<regex>\w+)>[^)]*\)|<(?:(?P<kind>\w+):)?(?P<name>\w+)>")


def routes(patterns: Any = None, before: str = "/") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def filled(route: str) -> str:
    """The route with a secret wherever there may be one."""

    def value(found: re.Match[str]) -> str:
        name = found["regex"] or found["name"]
        if not NO_SECRETS.fullmatch(name) or route.startswith("/telegram/"):
            return SECRET
        return "leads" if name == "app_label" else "7"

    return _PARAMETER.sub(value, route)


ADDRESSES = sorted({filled(route) for route in routes()})
SECRET_ADDRESSES = [address for address in ADDRESSES if SECRET in address]


class Exploding:
    """A middleware in front of every view that fails."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        raise RuntimeError(f"broken at {request.path}")


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the product's own formatter writes, of every logger."""
    config = logs.logging_config(log_format=request.param)["formatters"][request.param]
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(config.pop("()")(**config))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def ask(address: str) -> None:
    browser = Client(raise_request_exception=False)
    for method in (browser.get, browser.post):
        method(f"{address}?code={SECRET}", headers={"X-Code": SECRET, "Referer": f"https://ads.example{address}"})


def test_the_walk_finds_the_secret_addresses() -> None:
    known = {"/telegram/webhook/"}

    assert all(any(address.startswith(prefix) for address in SECRET_ADDRESSES) for prefix in known)
    assert len(ADDRESSES) > 100


@pytest.mark.promise("S11")
@pytest.mark.django_db
@pytest.mark.parametrize("cut", [0, 1, -1], ids=["as it is", "without its end", "with something behind"])
def test_no_address_leaves_a_secret_in_the_log(written: io.StringIO, cut: int) -> None:
    for address in SECRET_ADDRESSES:
        ask(address[: len(address) - cut] if cut >= 0 else f"{address}more/")

    assert written.getvalue().count("request") >= 2 * len(SECRET_ADDRESSES)
    assert SECRET not in written.getvalue()


@pytest.mark.django_db
def test_no_failing_address_leaves_a_secret_in_the_log(written: io.StringIO, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Exploding"]

    for address in SECRET_ADDRESSES:
        ask(address)

    assert "RuntimeError" in written.getvalue()
    assert SECRET not in written.getvalue()


@pytest.mark.django_db
def test_no_address_sent_to_tls_leaves_a_secret_in_the_log(written: io.StringIO, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    for address in SECRET_ADDRESSES:
        ask(address)

    assert "301" in written.getvalue()
    assert SECRET not in written.getvalue()


def test_what_gunicorn_says_of_an_address_holds_no_secret(written: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/telegram/webhook/{SECRET}?a=1")

    assert "Error handling request /telegram/webhook/<str:bot_id>" in written.getvalue()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/accounts/acc_1/delivery/snd_2/", "/accounts/acc_1/delivery/snd_2/"),
        ("/api/v1/leads/123456789/events", "/api/v1/leads/123456789/events"),
        ("/api/v1/leads/ada@example.com", "/api/v1/leads/<str:telegram_user_id>"),
        ("/telegram/webhook/bot_1", "/telegram/webhook/<str:bot_id>"),
        ("/invitation-typed-wrong/abc/def/", "/invitation-typed-wrong/…"),
        ("/healthz", "/healthz"),
    ],
)
def test_a_path_is_shown_without_its_secrets(path: str, shown: str) -> None:
    assert shown_path(path) == shown


# ------------------------------------------------------------------ Sentry
class _Sentry(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


FAIL_EVERYWHERE = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.test import RequestFactory
import sentry_sdk
settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.core.test_secret_paths.Exploding"]
settings.ALLOWED_HOSTS = ["*"]
from adtarget.wsgi import application
secret, addresses = json.loads(sys.argv[1])
for address in addresses:
    headers = {"Referer": address, "X-Code": secret, "Cookie": f"code={secret}"}
    asked = RequestFactory().get(f"{address}?code={secret}", headers=headers)
    list(application(asked.environ, lambda *_: None))
sentry_sdk.flush(10)
"""


@pytest.mark.promise("S11")
@pytest.mark.processes
@pytest.mark.embedded
def test_sentry_is_told_of_failures_without_what_was_asked(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Sentry)
    server.received = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    environment |= {"VAR_DIR": str(tmp_path), "ENV_FILE": str(tmp_path / ".env")}
    environment |= {"DJANGO_SETTINGS_MODULE": "adtarget.settings"}
    environment |= {"SENTRY_DSN": f"http://key@127.0.0.1:{server.server_port}/1"}
    subprocess.run(
        [sys.executable, "-c", FAIL_EVERYWHERE, json.dumps([SECRET, SECRET_ADDRESSES])],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    server.shutdown()
    server.server_close()
    told = b"".join(server.received).decode()

    reports = [json.loads(line) for line in told.splitlines() if '"exception"' in line]
    assert len(reports) == len(SECRET_ADDRESSES)
    assert SECRET not in told
    assert {frozenset(report["request"]) for report in reports} == {frozenset({"method", "url"})}
