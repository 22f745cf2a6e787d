"""GET /backend/track/invite: which link a visitor gets."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from tests.factories import ChannelFactory, InviteFactory, VisitFactory
from tests.tracker.conftest import VISITOR, Browser
from tests.tracker.telegram.fake_telegram import error
from tracker import attribution, invites, link_making
from tracker.models import Invite, InvitePool, UnattributableClick, Visit

pytestmark = pytest.mark.django_db
OTHER = "aaaaaaaa-6f0a-4d3c-8a52-1f2e3d4c5b6a"


def reasons() -> list[str]:
    return list(UnattributableClick.objects.order_by("pk").values_list("reason", flat=True))


# ------------------------------------------------------------------ from the pool
def test_a_tap_leads_to_a_link_of_the_pool_tied_to_the_visit(browser, channel) -> None:
    visit = browser.visit("?gclid=G")
    invite = InviteFactory(channel=channel)
    answer = browser.tap()
    assert (answer.status_code, answer["Location"]) == (302, invite.link)
    invite.refresh_from_db()
    assert (invite.visit, str(invite.temp_id), invite.clicks) == (visit, VISITOR, 1)
    assert invite.given_at is not None


@pytest.mark.parametrize("asked", [{"format": "json"}, {"headers": {"Accept": "application/json"}}])
def test_json_is_answered_where_asked(browser, channel, asked) -> None:
    visit = browser.visit("?gclid=G")
    invite = InviteFactory(channel=channel)
    assert browser.tap(**asked).json() == {"inviteLink": invite.link, "channelId": channel.pk, "visitId": visit.pk}


def test_the_same_visitor_gets_the_same_unused_link(browser, channel) -> None:
    browser.arrive()
    InviteFactory.create_batch(3, channel=channel)
    first, second = browser.tap()["Location"], browser.tap()["Location"]
    assert first == second
    assert Invite.objects.get(link=first).clicks == 2
    Invite.objects.filter(link=first).update(used_at=timezone.now())
    assert browser.tap()["Location"] != first


def test_a_second_click_ties_the_link_to_the_newer_visit(browser, channel) -> None:
    InviteFactory(channel=channel)
    browser.visit("?gclid=old")
    browser.tap()
    newer = browser.visit("?gclid=new")
    browser.tap()
    assert Invite.objects.get().visit == newer


def test_two_visitors_never_share_a_link(site, channel) -> None:
    InviteFactory.create_batch(2, channel=channel)
    links = {Browser(site, visitor=visitor).arrive().tap()["Location"] for visitor in (VISITOR, OTHER)}
    assert len(links) == 2


@pytest.mark.parametrize(
    "unusable", [{"used": True}, {"expired": True}, {"revoked_at": timezone.now()}, {"given": True}]
)
def test_a_link_that_lets_nobody_in_is_not_given(browser, channel, unusable) -> None:
    InviteFactory(channel=channel, **unusable)
    assert browser.arrive().tap()["Location"] == "https://t.me/+own"


def test_a_channel_with_requests_gives_request_links_only(browser, channel) -> None:
    InviteFactory(channel=channel)
    wanted = InviteFactory(channel=channel, creates_join_request=True)
    channel.uses_join_requests = True
    channel.save()
    assert browser.arrive().tap()["Location"] == wanted.link


def test_an_invite_costs_six_statements_and_no_call(
    browser, channel, link_maker, django_assert_max_num_queries
) -> None:
    InviteFactory.create_batch(20, channel=channel)
    with django_assert_max_num_queries(8):  # without an init before it keeps the visit too, in a transaction
        assert browser.tap().status_code == 302
    browser.init()
    with django_assert_max_num_queries(4):
        assert browser.tap().status_code == 302
    assert link_maker.calls == []


# ------------------------------------------------------------------ which visit, which channel
def test_without_init_the_tap_makes_the_visit(browser, channel) -> None:
    InviteFactory(channel=channel)
    browser.tap(fbclid="AbC", ScCid="Sn", ttclid="E.C", utm_source="fb", headers={"Referer": "https://acme.example/lp"})
    visit = Visit.objects.get()
    assert visit.fbc.endswith(".AbC")
    assert (visit.sccid, visit.ttclid, visit.utm_source) == ("Sn", "E.C", "fb")
    assert (visit.url, visit.client_ip) == ("https://acme.example/lp", "198.51.100.7")
    assert Invite.objects.get().visit == visit


def test_a_tap_with_another_click_makes_a_visit_of_its_own(browser, channel) -> None:
    browser.visit("?gclid=G&fbclid=AbC")
    browser.tap(gclid="G", fbclid="AbC", format="json")
    assert Visit.objects.count() == 1
    browser.tap(fbclid="Other", format="json")
    last = Visit.objects.latest("visited_at")
    assert last.fbc.endswith(".Other")
    assert last.gclid == "G"


def test_the_cookie_names_the_visitor_where_the_query_does_not(browser, channel) -> None:
    visit = browser.visit()
    assert browser.tap(tempId="", format="json").json()["visitId"] == visit.pk
    browser.client.cookies.clear()
    answer = browser.tap(tempId="")
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "tempId")


def test_the_channel_may_be_named_by_either_id(browser, site, channel) -> None:
    second = ChannelFactory(site=site, invite_link="https://t.me/+second")
    for name in (second.pk, str(second.telegram_channel_id)):
        assert browser.tap(channelId=name)["Location"] == "https://t.me/+second"
    assert browser.tap()["Location"] == "https://t.me/+own"


def test_without_a_default_the_first_of_the_funnel_is_taken(browser, site) -> None:
    ChannelFactory(site=site, funnel_order=2, username="second")
    ChannelFactory(site=site, funnel_order=1, username="first")
    assert browser.tap()["Location"] == "https://t.me/first"


@pytest.mark.parametrize("channel_id", ["chn_unknown", "-1", "-", "-1e5", "a\0b" + "x" * 300, "-²"])
def test_an_unknown_channel_is_refused(browser, channel, channel_id) -> None:
    answer = browser.tap(channelId=channel_id)
    expected = 302 if "\0" in channel_id else 404  # what holds a NUL was never sent by us: as if absent
    assert answer.status_code == expected


def test_a_foreign_or_inactive_channel_is_unknown(browser, channel, stranger_channel) -> None:
    channel.is_active = False
    channel.save()
    for channel_id in (stranger_channel.pk, channel.pk):
        assert browser.tap(channelId=channel_id).json()["error"]["code"] == "CHANNEL_NOT_FOUND"


def test_an_unknown_site_is_refused(browser, channel) -> None:
    assert browser.tap(websiteId="atid_x").json()["error"]["code"] == "SITE_NOT_FOUND"


# ------------------------------------------------------------------ an empty pool
def test_an_empty_pool_is_helped_by_a_link_made_on_the_spot(browser, channel, link_maker) -> None:
    answer = browser.arrive().tap()
    invite = Invite.objects.get()
    assert answer["Location"] == invite.link == "https://t.me/+made1"
    (token, method, params) = link_maker.calls[0]
    assert (token, method) == ("42:AA-token", "createChatInviteLink")
    assert params["member_limit"] == 1
    assert params["name"] == invite.pk
    assert params["expire_date"] == int(invite.expires_at.timestamp())
    assert str(invite.temp_id) == VISITOR
    assert reasons() == []


@pytest.mark.parametrize(
    "planned",
    [
        error(429, "Too Many Requests: retry after 7", retry_after=7),
        error(500, "Internal"),
        {"ok": True, "result": {"invite_link": "https://evil.example/+x"}},
        {"ok": True, "result": {"invite_link": "https://t.me/+x\r\nSet-Cookie: a=b"}},
        {"ok": True, "result": True},
    ],
)
def test_telegram_failing_means_the_channels_own_link_and_a_mark(browser, channel, link_maker, planned) -> None:
    link_maker.answers["createChatInviteLink"] = [planned]
    answer = browser.arrive().tap(format="json").json()
    assert (answer["inviteLink"], answer["unattributable"]) == ("https://t.me/+own", "telegram")
    assert UnattributableClick.objects.get().visit_id == answer["visitId"]


def test_while_telegram_asks_for_rest_nobody_calls_it(browser, channel, link_maker) -> None:
    link_maker.answers["createChatInviteLink"] = [error(429, "Too Many Requests", retry_after=60), {"invite_link": "x"}]
    browser.arrive()
    for _ in range(3):
        browser.tap()
    assert len(link_maker.calls) == 1
    assert reasons() == ["telegram"] * 3
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        browser.tap()
    assert len(link_maker.calls) == 2


def test_a_lost_right_shows_on_the_channel(browser, channel, link_maker) -> None:
    link_maker.answers["createChatInviteLink"] = [error(400, "Bad Request: not enough rights")]
    browser.arrive().tap()
    channel.refresh_from_db()
    assert "not enough rights" in channel.bot_problem
    browser.tap()
    assert reasons() == ["telegram", "bot_problem"]


@pytest.mark.promise("S7")
def test_a_site_has_a_daily_cap_of_links(browser, channel, link_maker, settings) -> None:
    settings.INVITE_LINKS_PER_DAY = 1
    InviteFactory(channel=channel, used=True)
    assert browser.arrive().tap()["Location"] == "https://t.me/+own"
    assert (reasons(), link_maker.calls) == (["daily_cap"], [])


def test_a_channel_without_bot_gives_its_own_link(browser, site) -> None:
    ChannelFactory(site=site, username="public_one")
    assert browser.tap()["Location"] == "https://t.me/public_one"
    assert reasons() == ["no_bot"]


@pytest.mark.promise("S6")
@pytest.mark.parametrize("link", ["", "https://evil.example/", "http://t.me/+x", "https://t.me/+x\nA: b", "//t.me/x"])
def test_nobody_is_sent_to_what_is_no_telegram_link(browser, site, link) -> None:
    ChannelFactory(site=site, invite_link=link)
    answer = browser.tap()
    assert answer.status_code == 503
    assert "Location" not in answer
    assert len(reasons()) == 1


@pytest.mark.promise("S6")
@pytest.mark.parametrize("name", ["inviteLink", "link", "url", "redirect", "next", "channelId", "href"])
def test_no_value_of_the_request_reaches_the_location(browser, channel, name) -> None:
    answer = browser.tap(**{name: "https://evil.example/"})
    assert answer.status_code == 404 or urlsplit(answer["Location"]).hostname == "t.me"


def test_a_bot_as_destination_gets_a_signed_start_link(browser, site, bot) -> None:
    ChannelFactory(site=site, bot=bot, telegram_channel_id=42, default=True)
    visit = browser.visit()
    link = browser.tap()["Location"]
    assert link.startswith("https://t.me/acme_bot?start=")
    assert attribution.visit_of(link.partition("=")[2]) == visit


@pytest.mark.promise("R18")
def test_with_the_database_away_the_own_link_is_given_from_memory(browser, channel, monkeypatch) -> None:
    InviteFactory(channel=channel)
    browser.tap()

    def away(*_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(invites, "channel_for", away)
    assert browser.tap()["Location"] == "https://t.me/+own"
    assert browser.tap(channelId="another").status_code == 503


def test_a_link_taken_by_a_faster_visitor_is_not_given_twice(browser, channel) -> None:
    invite = InviteFactory(channel=channel)
    visit = browser.visit()
    stale = Invite.objects.get(pk=invite.pk)
    rival = VisitFactory(site=channel.site)
    assert invites._take(invite, rival, now=timezone.now())
    assert not invites._take(stale, visit, now=timezone.now())
    invite.refresh_from_db()
    assert invite.visit == rival


def test_only_two_requests_of_a_process_wait_for_telegram(browser, channel, link_maker) -> None:
    browser.arrive()
    with link_making._waiting, link_making._waiting:
        assert browser.tap()["Location"] == "https://t.me/+own"
    assert (reasons(), link_maker.calls) == (["pool_empty"], [])
    assert not InvitePool.objects.exists()
