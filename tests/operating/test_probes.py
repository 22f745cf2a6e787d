"""Who may ask whether the product is well, and how: by any name, without HTTPS; its figures only when allowed."""

import pytest
from structlog.testing import capture_logs

from adtarget.core import heartbeat

pytestmark = pytest.mark.redis
PROXY = "203.0.113.7"


@pytest.fixture(autouse=True)
def strict_deployment(settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["ads.example"], True


@pytest.mark.parametrize("path", ["/healthz", "/up"])
@pytest.mark.parametrize("host", ["localhost:8000", "10.1.2.3:8000", "web", "not..a_host"])
def test_a_probe_may_use_any_host(client, path, host) -> None:
    answer = client.get(path, headers={"Host": host})

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
def test_readiness_may_be_asked_by_address(client) -> None:
    heartbeat.beat("worker-1")
    assert client.get("/readyz", headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_other_pages_still_refuse_a_foreign_host(client) -> None:
    assert client.get("/sign-in/", headers={"Host": "10.1.2.3"}).status_code == 400


def test_a_probe_leaves_no_log_line(client) -> None:
    with capture_logs() as lines:
        client.get("/healthz")

    assert lines == []


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_metrics_are_for_this_machine(client, address) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address, headers={"Host": "10.1.2.3"}).status_code == 200


def test_metrics_are_refused_to_others(client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="198.51.100.9")

    assert (answer.status_code, "METRICS_ALLOWED" in answer.content.decode()) == (403, True)


@pytest.mark.django_db
def test_metrics_are_for_a_named_network(client, settings) -> None:
    settings.METRICS_ALLOWED = ["198.51.100.0/24"]

    assert client.get("/metrics", REMOTE_ADDR="198.51.100.9").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "expected"), [("Bearer s3cret", 200), ("Bearer s3cre", 403), ("Basic s3cret", 403)])
def test_metrics_are_for_holders_of_the_token(client, settings, given, expected) -> None:
    settings.METRICS_TOKEN = "s3cret"

    answer = client.get("/metrics", REMOTE_ADDR="198.51.100.9", headers={"Authorization": given})

    assert answer.status_code == expected


def test_no_token_is_no_token_that_fits(client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="198.51.100.9", headers={"Authorization": "Bearer "}).status_code == 403


def test_an_outsider_behind_a_trusted_proxy_gets_no_metrics(client, settings) -> None:
    settings.TRUSTED_PROXIES, settings.METRICS_ALLOWED = [PROXY], [PROXY, "127.0.0.1"]

    answer = client.get("/metrics", REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": "127.0.0.1, 198.51.100.9"})

    assert answer.status_code == 403


def test_a_request_through_an_unknown_proxy_gets_no_metrics(client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "127.0.0.1"})

    assert answer.status_code == 403
