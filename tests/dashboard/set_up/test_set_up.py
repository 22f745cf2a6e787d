"""What is missing, a test event, and keys that are shown once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from adtarget.dashboard.set_up.queries import site_set_ups
from adtarget.sandbox.server import Sandbox
from dispatch.models import Pixel
from leads import api_keys
from leads.choices import Role
from leads.models import Account, ApiKey, AuditEntry, Channel, Site
from tests.factories import (
    ApiKeyFactory,
    BotChatFactory,
    BotFactory,
    ChannelFactory,
    ConversionFactory,
    PixelFactory,
    SendFactory,
    SiteFactory,
    VisitFactory,
)


def test_a_new_site_says_what_to_do_first(account: Account, site: Site) -> None:
    (item,) = site_set_ups(account)
    assert [(todo.step, todo.sentence.split(":")[0]) for todo in item.missing] == [
        ("snippet", "Put the snippet into your page"),
        ("bot", "Connect a Telegram bot"),
        ("channels", "Add a channel"),
        ("pixels", "Connect a pixel"),
        ("key", "Make a key, so that your backend can report purchases."),
        ("key", "Send the first event."),
    ]


def test_a_site_with_everything_misses_nothing(account: Account, channel: Channel, meta_pixel: Pixel) -> None:
    VisitFactory(site=channel.site)
    BotFactory(account=account)
    ApiKeyFactory(account=account)
    ConversionFactory(channel=channel)
    assert site_set_ups(account)[0].missing == []


def test_a_paused_pixel_is_resumed(signed_in, home: str, channel: Channel) -> None:
    pixel = PixelFactory(site=channel.site, paused=True)
    manager = signed_in(Role.MANAGER)
    assert "The token was refused." in manager.get(home + "set-up/").text
    manager.post(f"{step_of(home, channel.site)}pixels/{pixel.pk}/resume/")
    pixel.refresh_from_db()
    assert pixel.paused_at is None
    assert AuditEntry.objects.get().action == "resume_pixel"


def test_a_paused_pixel_says_what_to_correct(owner: Client, home: str, site: Site) -> None:
    PixelFactory(site=site, paused=True, pause_code="100/appsecret_proof")
    assert "Enter the token and the app secret" in owner.get(f"{step_of(home, site)}pixels/").text


def test_an_unknown_pause_code_has_general_advice(owner: Client, home: str, site: Site) -> None:
    PixelFactory(site=site, paused=True, pause_code="of a newer release")
    assert "Correct the pixel&#x27;s access" in owner.get(f"{step_of(home, site)}pixels/").text


def step_of(home: str, site: Site) -> str:
    return f"{home}set-up/sites/{site.pk}/"


@pytest.fixture
def meta(settings: Any) -> Iterator[Sandbox]:
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = settings.PLATFORM_API_URLS | {"meta": running.url}
        yield running


def test_a_live_pixel_gets_a_harmless_test_event(owner: Client, home: str, meta_pixel: Pixel, meta: Sandbox) -> None:
    page = owner.post(f"{step_of(home, meta_pixel.site)}pixels/{meta_pixel.pk}/test/")
    assert "accepted the event" in page.text
    assert [event["name"] for event in meta.events()] == ["AdTargetTest"]


def test_a_real_lead_goes_out_only_when_asked_for(owner: Client, home: str, meta_pixel: Pixel, meta: Sandbox) -> None:
    step = f"{step_of(home, meta_pixel.site)}pixels/"
    assert "one Lead more today. Send it?" in owner.get(step).text
    owner.post(f"{step}{meta_pixel.pk}/test/", {"real": "on"})
    assert [event["name"] for event in meta.events()] == ["Lead"]


def test_a_pixel_that_cannot_be_tested_says_why(owner: Client, home: str, site: Site) -> None:
    bare = PixelFactory(site=site, google=True)
    page = owner.post(f"{step_of(home, site)}pixels/{bare.pk}/test/")
    assert "No conversion action is set up for this type" in page.text


@pytest.mark.promise("S2")
def test_a_key_is_shown_once(owner: Client, home: str) -> None:
    page = owner.post(home + "set-up/keys/", {"name": "shop", "mode": "live"})
    token = page.context["token"]
    assert api_keys.verify(token).name == "shop"
    assert page.text.count(token) == 5  # by itself and in four snippets
    assert "no-store" in page.headers["Cache-Control"]
    again = owner.get(home + "set-up/keys/").text
    assert token not in again
    assert api_keys.verify(token).prefix in again
    assert token not in str(AuditEntry.objects.values_list())


def test_a_sixth_key_is_refused(owner: Client, home: str, account: Account) -> None:
    ApiKeyFactory.create_batch(5, account=account)
    assert "Revoke one first" in owner.post(home + "set-up/keys/", {"name": "x", "mode": "live"}).text
    assert ApiKey.objects.count() == 5


def test_a_revoked_key_is_refused_from_then_on(owner: Client, home: str, account: Account) -> None:
    key = ApiKeyFactory(account=account)
    owner.post(f"{home}set-up/keys/{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.revoked_at is not None


@pytest.mark.parametrize(
    ("role", "set_up", "keys"), [("owner", 200, 200), ("manager", 200, 403), ("staff", 403, 403), ("viewer", 403, 403)]
)
def test_keys_are_the_owners_and_set_up_the_managers(
    signed_in, home: str, account: Account, role: str, set_up: int, keys: int
) -> None:
    browser = signed_in(Role(role))
    assert browser.get(home + "set-up/").status_code == set_up
    assert browser.get(home + "set-up/keys/").status_code == keys
    assert browser.post(home + "set-up/keys/", {"name": "x", "mode": "live"}).status_code == keys
    assert ApiKey.objects.filter(account=account).exists() == (keys == 200)


def test_anothers_things_are_not_found(
    owner: Client, home: str, site: Site, stranger: Account, stranger_site: Site, stranger_pixel: Pixel
) -> None:
    key, bot = ApiKeyFactory(account=stranger), BotFactory(account=stranger)
    channel = ChannelFactory(site=stranger_site)
    own, theirs = step_of(home, site), step_of(home, stranger_site)
    for path in (
        f"{home}set-up/keys/{key.pk}/revoke/",
        f"{own}pixels/{stranger_pixel.pk}/",
        f"{own}pixels/{stranger_pixel.pk}/test/",
        f"{own}pixels/{stranger_pixel.pk}/resume/",
        f"{own}pixels/new/myspace/",
        f"{own}bot/{bot.pk}/check/",
        f"{own}bot/{bot.pk}/connect/",
        f"{own}channels/{channel.pk}/default/",
        f"{own}channels/found/{BotChatFactory(bot=bot).pk}/",
        f"{theirs}",
        f"{theirs}snippet/",
        f"{theirs}bot/add/",
        f"{theirs}channels/add/",
        f"{theirs}pixels/new/meta/",
        f"{theirs}key/make/",
    ):
        assert owner.post(path, {"token": "1:AA-bot-token"}).status_code == 404, path
    form = {"name": "x", "mode": "live", "site": stranger_site.pk}
    assert owner.post(home + "set-up/keys/", form).status_code == 404
    assert owner.post(own + "key/make/", form).status_code == 404
    assert "stranger.example" not in owner.get(home + "set-up/").text
    assert not ApiKey.objects.exclude(pk=key.pk).exists()


@pytest.mark.promise("S16")
def test_no_page_shows_a_stored_token(owner: Client, home: str, channel: Channel) -> None:
    pixel = PixelFactory(site=channel.site, credential="EAA-the-whole-token-1234")
    send = SendFactory(pixel=pixel)
    steps = f"set-up/sites/{channel.site_id}/pixels/"
    for path in ("set-up/", steps, f"{steps}{pixel.pk}/", f"delivery/{send.pk}/"):
        assert "the-whole-token" not in owner.get(home + path).text


def test_the_page_takes_no_query_per_site(
    owner: Client, home: str, account: Account, django_assert_num_queries
) -> None:
    for site in SiteFactory.create_batch(4, account=account):
        PixelFactory(site=site)
        ChannelFactory(site=site, with_bot=True)
    owner.get(home + "set-up/")
    with django_assert_num_queries(7):
        owner.get(home + "set-up/")
