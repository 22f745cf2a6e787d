"""Who gets a link of their own while somebody tries to take them all."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.factories import InviteFactory
from tests.tracker.conftest import Browser
from tracker import attribution
from tracker.choices import Route
from tracker.models import Invite, UnattributableClick

pytestmark = pytest.mark.django_db
OWN = "https://t.me/+own"


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.INVITE_POOL_SIZE = 40


def visitor(site: Any, address: str = "198.51.100.7") -> Browser:
    browser = Browser(site, visitor=str(uuid4()))
    browser.client = Client(REMOTE_ADDR=address)
    return browser


def links(browsers: list[Browser], **query: str) -> list[str]:
    return [browser.tap(**query)["Location"] for browser in browsers]


def personal(given: list[str]) -> int:
    return sum(link != OWN for link in given)


def reasons() -> set[str]:
    return set(UnattributableClick.objects.values_list("reason", flat=True))


# ------------------------------------------------------------------ a page view, or a click
@pytest.mark.promise("S7")
def test_a_made_up_visitor_gets_no_link_of_their_own(site, channel) -> None:
    InviteFactory.create_batch(40, channel=channel)
    assert links([visitor(site) for _ in range(3)]) == [OWN] * 3
    assert reasons() == {"no_visit"}


def test_tapping_again_does_not_make_a_visitor(site, channel) -> None:
    InviteFactory(channel=channel)
    browser = visitor(site)
    browser.tap()
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        assert browser.tap()["Location"] == OWN


@pytest.mark.parametrize(("seconds", "is_personal"), [(0.5, False), (2, True), (3500, True), (3700, False)])
def test_the_page_view_is_a_second_to_an_hour_old(site, channel, seconds, is_personal) -> None:
    InviteFactory(channel=channel)
    browser, now = visitor(site), timezone.now()
    with time_machine.travel(now - timedelta(seconds=seconds), tick=False):
        browser.init()
    with time_machine.travel(now, tick=False):
        assert (browser.tap()["Location"] != OWN) is is_personal


def test_an_ad_click_needs_no_page_view(site, channel) -> None:
    InviteFactory(channel=channel)
    assert visitor(site).tap(gclid="Cj0")["Location"] != OWN


# ------------------------------------------------------------------ one address
@pytest.mark.promise("S7")
@pytest.mark.parametrize("address", ["198.51.100.{}", "2001:db8:0:1::{}"])
def test_one_address_takes_at_most_half_of_the_supply(site, channel, address) -> None:
    InviteFactory.create_batch(40, channel=channel)
    same = address.format(7) if "." in address else None
    flood = [visitor(site, same or address.format(n)).arrive() for n in range(60)]
    assert personal(links(flood)) <= 21
    assert reasons() == {"address_limit"}


def test_others_still_get_links_beside_it(site, channel) -> None:
    InviteFactory.create_batch(40, channel=channel)
    links([visitor(site).arrive() for _ in range(60)])
    people = [visitor(site, f"203.0.113.{n}").arrive() for n in range(19)]
    assert personal(links(people)) == 19


def test_a_shared_address_gets_links_while_there_are_enough(site, channel) -> None:
    InviteFactory.create_batch(40, channel=channel)
    assert personal(links([visitor(site).arrive() for _ in range(15)])) == 15


def test_a_shared_address_keeps_its_first_link_while_they_are_short(site, channel) -> None:
    InviteFactory.create_batch(10, channel=channel)
    assert personal(links([visitor(site).arrive() for _ in range(3)])) == 1


def test_an_address_takes_a_share_of_the_day(site, channel, settings) -> None:
    settings.INVITE_LINKS_PER_DAY, settings.INVITES_PER_ADDRESS, settings.INVITE_POOL_SIZE = 40, 2, 1
    InviteFactory.create_batch(40, channel=channel)
    given = personal(links([visitor(site).arrive() for _ in range(30)]))
    assert given == 2 + 10  # its own limit, and a quarter of the site's links a day


def test_a_visitor_keeps_their_link_over_the_limit(site, channel) -> None:
    InviteFactory.create_batch(2, channel=channel)
    first, second = visitor(site).arrive(), visitor(site).arrive()
    given = first.tap()["Location"]
    second.tap()
    assert first.tap()["Location"] == given


def test_a_tap_refused_as_abuse_loses_no_join(site, channel) -> None:
    visitor(site).tap()
    assert attribution.tap_before(channel, Route.LINK_UNKNOWN, timezone.now()) == ""


def test_whom_telegram_fails_may_try_again(site, channel) -> None:
    browser = visitor(site).arrive()
    browser.tap()
    InviteFactory(channel=channel)
    assert browser.tap()["Location"] != OWN
    assert Invite.objects.get().clicks == 1
