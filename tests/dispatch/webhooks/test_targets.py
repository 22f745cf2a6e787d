"""Where a webhook may lead to."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from adtarget.core import http, http_connections
from dispatch.webhooks import targets


@pytest.mark.promise("S12")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f.0.0.1/x",
        "https://10.1.2.3/",
        "https://192.168.0.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00::1]/",
        "https://localhost/",
        "https://localhost./",
        "https://LOCALHOST/",
        "https://app.localhost/",
        "https://redis/",
        "https://db.internal/",
        "https://printer.local/",
        "http://acme.example/hooks",
        "https://user:password@acme.example/",
        "https://acme.example@127.0.0.1/",
        "ftp://acme.example/",
        "file:///etc/passwd",
        "https:///hooks",
        "https://acme.example:99999/",
        "https://acme.example/ hooks",
        "https://acme.example\\@127.0.0.1/",
        "https://[::1/",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_private_or_crooked_url_is_refused_with_a_sentence(url) -> None:
    with pytest.raises(targets.WrongTarget, match=r"\.$"):
        targets.check_url(url, private_is_allowed=False)


@pytest.mark.parametrize(
    "url",
    ["https://acme.example/hooks?a=b", "https://acme.example:8443/", "https://8.8.8.8/", "https://[2606:4700::1]/"],
)
def test_a_public_url_is_taken(url) -> None:
    targets.check_url(url, private_is_allowed=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8010/webhooks/x", "https://hooks.internal/"])
def test_private_urls_are_taken_where_they_are_allowed(url) -> None:
    targets.check_url(url, private_is_allowed=True)


@pytest.mark.promise("S12")
@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"]])
def test_a_name_that_leads_into_our_network_is_not_connected_to(monkeypatch, found) -> None:
    entries = [(2, 1, 6, "", (address, 443)) for address in found]
    monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *_, **__: entries)

    answer = http.post("http://acme.example/", headers={}, body=b"{}", choose_address=targets.choose_public)

    assert (answer.status, answer.reached) == (0, False)
    assert answer.error == "The host leads into a private network; nothing was sent."


def test_a_connection_that_was_opened_unasked_is_not_used_again() -> None:
    from adtarget.sandbox.server import Sandbox

    with Sandbox() as sandbox:
        url = f"{sandbox.url}/webhooks/inside"
        assert http.post(url, headers={}, body=b"{}").status  # opened, and kept alive
        guarded = http.post(url, headers={}, body=b"{}", choose_address=targets.choose_public)

    assert (guarded.status, guarded.reached) == (0, False)


@pytest.mark.parametrize(
    "address",
    [
        "2001:db8::1",
        "3fff::1",
        "2002:808:808::1",  # 6to4 of 8.8.8.8
        "2001:0:808:808::1",  # Teredo
        "2001:10::1",  # ORCHID
        "2001:20::1",  # ORCHIDv2
        "2001:2::1",  # benchmarking
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::1",
        "::",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::808:808",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "4000::1",
        "5f00::1",
        "2606:4700::1%eth0",
        "10.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "no address",
    ],
)
def test_what_is_no_global_unicast_is_private(address: str) -> None:
    assert not targets.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1", "2a00:1450::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_global_unicast_is_public(address: str) -> None:
    assert targets.is_public(address)


def test_a_name_server_that_hangs_ends_at_the_deadline() -> None:
    over = threading.Event()

    def hang(host: str, port: int) -> str:
        over.wait(5)
        return "127.0.0.1"

    began = time.monotonic()
    answer = http.post("http://acme.example/", headers={}, body=b"{}", deadline_seconds=0.3, choose_address=hang)
    took = time.monotonic() - began
    over.set()

    assert took < 1
    assert (answer.status, answer.reached) == (0, False)


def test_a_process_that_ends_sends_nothing_more(monkeypatch) -> None:
    ended = ThreadPoolExecutor(max_workers=1)
    ended.shutdown()
    monkeypatch.setattr(http_connections, "_resolvers", ended)

    answer = http.post("http://acme.example/", headers={}, body=b"{}", choose_address=targets.choose_public)

    assert (answer.status, answer.reached) == (0, False)
    assert answer.error == "The process is ending; nothing was sent."
