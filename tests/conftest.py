"""Ours and the stranger; no network beyond loopback; nothing remembered from the test before."""

import json
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from adtarget.core import rate_limit
from leads import api_keys, failed_keys
from leads.models import Account, ApiKey, Channel, Site
from tests import documented, second_pass
from tests.browser import SharedChromium
from tests.factories import AccountFactory, ChannelFactory, PixelFactory, SiteFactory
from tests.faults.stack import Stack, wait_for
from tests.operating.tree import Tree
from tracker import sites, supply, visit_budget

# A busy machine makes inputs slowly; that is no fault of the code under test.
hypothesis_settings.register_profile(
    "busy", hypothesis_settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy")

_connect = socket.socket.connect
LOOPBACK = ("127.", "::1", "localhost")


def _connect_to_loopback(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise AssertionError(f"A test wanted to reach {address[0]}.")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    socket.socket.connect = _connect_to_loopback  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def _every_answer_as_documented() -> Iterator[None]:
    """Whatever a test asks the API or the tracker, the answer is judged by the OpenAPI document."""
    with documented.every_answer_judged():
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_session_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends the sessions of tests' threads before PostgreSQL is asked to drop the database."""
    if not os.environ.get("TEST_DATABASE_URL"):
        yield
        return
    request.getfixturevalue("django_db_setup")
    yield
    with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()
    rate_limit._local_buckets.cache_clear()
    failed_keys._refused_until.clear()
    sites.forget_sites()
    supply.forget()
    visit_budget.forget()


@pytest.fixture(autouse=True)
def _only_what_it_says(request: pytest.FixtureRequest, _empty_cache: None) -> Iterator[None]:
    if second_pass.cares_about_servers(request.node):
        yield
    else:
        with second_pass.without_redis():
            yield


def pytest_itemcollected(item: pytest.Item) -> None:
    if not second_pass.cares_about_servers(item):
        item.add_marker("embedded")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    from tests.scheduling import GroupScheduling  # imports xdist, which a single process does not need

    return GroupScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers the long tests go first, so that none of them is waited for at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("processes") is None)


@pytest.fixture(scope="session")
def django_db_use_migrations(request: pytest.FixtureRequest) -> bool:
    """With QUICK_DATABASE the tables are made straight from the models, unless a test file runs migrations itself."""
    modules = {getattr(item, "module", None) for item in request.session.items}
    return "QUICK_DATABASE" not in os.environ or any(hasattr(module, "MigrationExecutor") for module in modules)


# ------------------------------------------------------------------ processes that tests share
@pytest.fixture(scope="session")
def _shared_chromium() -> Iterator[SharedChromium]:
    shared = SharedChromium()
    yield shared
    shared.close()


@pytest.fixture
def chromium(_shared_chromium: SharedChromium) -> Iterator[Any]:
    """The one headless Chromium; contexts opened in it are closed after the test."""
    with _shared_chromium.in_use() as browser:
        yield browser


@pytest.fixture(scope="session")
def _shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), WEBHOOKS_ALLOW_PRIVATE="true") as running:
        running.provision("meta")
        yield running


@pytest.fixture
def stack(_shared_stack: Stack) -> Stack:
    """Web, worker and beat as processes, shared: what an earlier test killed runs again, the sandbox is empty."""
    _shared_stack.restore()
    return _shared_stack


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """`bin/run`'s demo from nothing, shared: a test that stops it for good starts its own tree."""
    running = Tree(tmp_path_factory.mktemp("demo"), "--demo")
    try:
        wait_for(lambda: "AdTarget is ready." in running.output(), seconds=30, every=0.05)
        yield running
    finally:
        running.stop()


class Api:
    """The integrator's side: JSON in, JSON out, with a Bearer key.

    `api.post("/api/v1/events/conversion", {...}, headers={"Idempotency-Key": "1"})`;
    a `str` or `bytes` body goes out as it is. The answer's `.json()` parses it.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.client = Client()

    def post(self, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> HttpResponse:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(path, data=data, content_type="application/json", headers=self._headers(headers))

    def get(self, path: str, query: Any = None, *, headers: dict[str, str] | None = None) -> HttpResponse:
        return self.client.get(path, query, headers=self._headers(headers))

    def _headers(self, headers: dict[str, str] | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **(headers or {})}


# ------------------------------------------------------------------ ours
@pytest.fixture
def account(db: None) -> Account:
    return AccountFactory(name="Acme")


@pytest.fixture
def site(account: Account) -> Site:
    return SiteFactory(account=account, domain="acme.example", name="Acme")


@pytest.fixture
def channel(site: Site) -> Channel:
    return ChannelFactory(site=site, title="VIP", default=True)


@pytest.fixture
def meta_pixel(site: Site) -> Any:
    return PixelFactory(site=site, pixel_id="1234567890")


@pytest.fixture
def _made_key(account: Account) -> tuple[ApiKey, str]:
    return api_keys.create_key(account=account, site=None, name="backend")


@pytest.fixture
def api_key(_made_key: tuple[ApiKey, str]) -> ApiKey:
    return _made_key[0]


@pytest.fixture
def api_key_token(_made_key: tuple[ApiKey, str]) -> str:
    return _made_key[1]


@pytest.fixture
def api(api_key_token: str) -> Api:
    return Api(api_key_token)


# ------------------------------------------------------------------ the stranger's
@pytest.fixture
def stranger(db: None) -> Account:
    return AccountFactory(name="Stranger")


@pytest.fixture
def stranger_site(stranger: Account) -> Site:
    return SiteFactory(account=stranger, domain="stranger.example")


@pytest.fixture
def stranger_channel(stranger_site: Site) -> Channel:
    return ChannelFactory(site=stranger_site, title="Theirs", default=True)


@pytest.fixture
def stranger_pixel(stranger_site: Site) -> Any:
    return PixelFactory(site=stranger_site)


@pytest.fixture
def stranger_api(stranger: Account) -> Api:
    return Api(api_keys.create_key(account=stranger, site=None, name="theirs")[1])
