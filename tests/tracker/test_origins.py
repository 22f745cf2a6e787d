"""Which pages may speak for a site."""

import pytest

from tests.tracker.conftest import Browser
from tracker import origins

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(site):
    site.allowed_domains = ["partner.example", "xn--bcher-kva.example"]
    site.save()
    return site


@pytest.mark.parametrize(
    ("page", "is_allowed"),
    [
        ("https://acme.example", True),
        ("https://ACME.example:8443", True),
        ("http://shop.eu.acme.example", True),
        ("https://acme.example.", True),
        ("https://partner.example", True),
        ("https://xn--bcher-kva.example", True),
        ("https://www.partner.example", False),
        ("https://notacme.example", False),
        ("https://acme.example.evil.example", False),
        ("https://acme.example@evil.example", False),
        ("https://example", False),
    ],
)
def test_a_page_speaks_for_its_own_site_only(site, page, is_allowed) -> None:
    assert origins.is_allowed(site, origins.host_of(page)) is is_allowed


@pytest.mark.parametrize("address", ["", "null", "acme.example", "javascript:x", "https://[", "file:///etc", "data:,x"])
def test_what_names_no_page_has_no_host(address) -> None:
    assert origins.host_of(address) == ""


ACME, EVIL = "https://acme.example", "https://evil.example"


@pytest.mark.parametrize(
    ("origin", "referer", "href", "status"),
    [
        (ACME, EVIL, EVIL, 200),
        (EVIL, ACME, ACME, 403),
        ("", ACME, EVIL, 200),
        ("", EVIL, ACME, 403),
        ("", "", ACME, 200),
        ("", "", EVIL, 403),
        ("null", ACME, EVIL, 200),
        ("null", "", EVIL, 403),
        ("null", "", ACME, 200),
    ],
)
def test_the_origin_decides_then_the_referer_then_the_address(site, origin, referer, href, status) -> None:
    headers = {"Origin": origin, "Referer": referer}
    answer = Browser(site).init(href=href, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "DOMAIN_NOT_ALLOWED"


def test_the_other_endpoints_refuse_foreign_pages_too(site, channel) -> None:
    foreign = Browser(site, origin=EVIL)
    assert foreign.update(fbp="fb.1.1700000000000.1").status_code == 403
    assert foreign.tap().status_code == 403
    assert Browser(site).tap(headers={"Referer": ""}).status_code == 302  # a tap inside an app names no page
