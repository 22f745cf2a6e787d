"""The steps from an empty account to the first event, each by itself."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.dashboard import asking
from adtarget.sandbox.server import Sandbox
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from leads.choices import Role
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Site
from tests.dashboard.conftest import SignedIn, sign_in_recently
from tests.factories import (
    BotChatFactory,
    BotFactory,
    ChannelFactory,
    ConversionFactory,
    PixelFactory,
    UserFactory,
    VisitFactory,
)
from tracker import origins

TOKEN = "1:AA-bot-token"
CHAT = -1001234567890
SITE_FORM = {
    "domain": "shop.example",
    "consent_policy": "as_told",
    "ad_user_data_consent": "true",
    "ad_personalization_consent": "unknown",
}
PIXELS = {
    "meta": {"pixel_id": "1234567890", "new_token": "EAA-good-token"},
    "tiktok": {"pixel_id": "C4ABCDEFGHIJKLMNOP", "new_token": "tiktok-good", "test_event_code": "T1"},
    "snapchat": {"pixel_id": "0f2e4d6c-8b0a-4c2e-9d4f-6a8b0c2e4d6f", "new_token": "snap-good"},
    "google": {
        "pixel_id": "123-456-7890",
        "new_token": '{"clientId": "id", "clientSecret": "secret", "refreshToken": "good"}',
        "conversion_actions": "Lead = 7654321\nPurchase=7654322",
    },
    "reddit": {"pixel_id": "a2_abc", "new_token": "reddit-good", "test_event_code": "t2_x"},
    "microsoft": {"pixel_id": "187012345", "new_token": "microsoft-good"},
    "pinterest": {"pixel_id": "549755885175", "new_token": "pinterest-good"},
    "chatgpt": {"pixel_id": "KBHCVX1d", "new_token": "chatgpt-good"},
    "yandex": {"pixel_id": "12345678", "new_token": "yandex-good"},
    "postback": {"pixel_id": "crm", "template": "https://crm.example/hook?cid={click_id}"},
}


@pytest.fixture
def sandbox(settings) -> Iterator[Sandbox]:
    with Sandbox() as running:
        settings.TELEGRAM_API_URL = running.url
        settings.PLATFORM_API_URLS = {each.api_url_name: running.url for each in PLATFORMS.values()}
        settings.GOOGLE_OAUTH_URL = f"{running.url}/token"
        yield running


@pytest.fixture
def steps(home: str, site: Site) -> str:
    return f"{home}set-up/sites/{site.pk}/"


# ------------------------------------------------------------------ account and site
@pytest.mark.django_db
def test_whoever_runs_it_makes_the_first_account() -> None:
    browser = Client()
    sign_in_recently(browser, UserFactory(username="root", is_superuser=True))
    assert "Make the first account" in browser.get("/").text
    answer = browser.post("/accounts/new/", {"name": "Acme"}, follow=True)
    assert "Six steps to the first event" in answer.text
    assert Account.objects.get().name == "Acme"
    assert "already exists" in browser.post("/accounts/new/", {"name": "Acme"}).text


def test_others_make_no_account(owner: Client) -> None:
    assert owner.post("/accounts/new/", {"name": "Mine"}).status_code == 302
    assert not Account.objects.filter(name="Mine").exists()


def test_a_site_is_added(owner: Client, home: str, account: Account) -> None:
    form = SITE_FORM | {
        "domain": "https://Shop.Example/vip",
        "allowed_domains": "münchen.example, www.shop.test",
        "kept_query_parameters": "plan, page plan",
    }
    answer = owner.post(f"{home}set-up/sites/new/", form)
    site = Site.objects.get(domain="shop.example")
    assert answer.headers["Location"] == f"{home}set-up/sites/{site.pk}/snippet/"
    assert (site.account, site.name) == (account, "shop.example")
    assert site.allowed_domains == ["xn--mnchen-3ya.example", "www.shop.test"]
    assert site.kept_query_parameters == ["plan", "page"]
    assert (site.ad_user_data_consent, site.ad_personalization_consent) == (True, None)
    assert site.website_id in owner.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"domain": "not a host"}, "must be a bare host name"),
        ({"domain": ""}, "This field is required"),
        ({"domain": "acme.example"}, "is here already"),
        ({"allowed_domains": "a_b!"}, "must be a bare host name"),
        ({"kept_query_parameters": "plan a=b"}, "is no name of a query parameter"),
        ({"default_phone_region": "ZZ"}, "This is no country"),
    ],
)
def test_a_site_that_cannot_be_is_refused(
    owner: Client, home: str, site: Site, change: dict[str, str], told: str
) -> None:
    assert told in owner.post(f"{home}set-up/sites/new/", SITE_FORM | change).text
    assert Site.objects.get() == site


def test_a_site_is_changed(owner: Client, steps: str, site: Site) -> None:
    owner.post(steps, SITE_FORM | {"domain": "new.example", "default_phone_region": "de"})
    site.refresh_from_db()
    assert (site.domain, site.default_phone_region) == ("new.example", "DE")
    assert AuditEntry.objects.get().action == "change_site"


def test_a_refused_page_is_named_beside_the_snippet(owner: Client, steps: str, site: Site, rf) -> None:
    request = rf.post("/", headers={"Origin": "https://other.example"})
    with pytest.raises(Exception, match=r"other\.example may not speak"):
        origins.check(site, request)
    assert "other.example" in owner.get(f"{steps}snippet/").text
    assert "other.example" in owner.get(f"{steps}snippet/seen/").text


# ------------------------------------------------------------------ bot
def test_a_bot_is_connected_and_looked_at(owner: Client, steps: str, sandbox: Sandbox, account: Account) -> None:
    page = owner.post(f"{steps}bot/add/", {"token": TOKEN}, secure=True)
    bot = Bot.objects.get()
    assert bot.token() == TOKEN
    assert sandbox.telegram.state.bots[TOKEN].username == bot.username
    assert sandbox.telegram.state.bots[TOKEN].webhook.url == f"https://testserver{bot.webhook_path}"
    assert [finding.is_good for finding in page.context["findings"]] == [True, True]
    assert TOKEN not in page.text


def test_a_new_token_replaces_the_old(owner: Client, steps: str, sandbox: Sandbox, account: Account) -> None:
    username = sandbox.telegram.state.bot(TOKEN).username
    bot = BotFactory(account=account, username=username, token="1:AA-the-old-one", last_error="Unauthorized")
    owner.post(f"{steps}bot/add/", {"token": TOKEN})
    bot.refresh_from_db()
    assert (bot.token(), bot.last_error) == (TOKEN, "")
    assert Bot.objects.count() == 1


def test_a_token_that_telegram_refuses_makes_no_bot(owner: Client, steps: str, sandbox: Sandbox) -> None:
    assert "This is no bot token" in owner.post(f"{steps}bot/add/", {"token": "hello"}).text
    sandbox.fault(kind="platform_error", platform="telegram", params={"name": "auth"})
    page = owner.post(f"{steps}bot/add/", {"token": TOKEN}).text
    assert "Telegram refuses: Unauthorized" in page
    assert not Bot.objects.exists()


def test_a_webhook_that_leads_elsewhere_is_taken_only_on_demand(
    owner: Client, steps: str, sandbox: Sandbox, account: Account
) -> None:
    webhook = sandbox.telegram.state.bot(TOKEN).webhook
    webhook.url = "https://elsewhere.example/hook"
    page = owner.post(f"{steps}bot/add/", {"token": TOKEN}, secure=True).text
    assert "Its updates go to https://elsewhere.example/hook." in page
    bot = Bot.objects.get()
    page = owner.post(f"{steps}bot/{bot.pk}/connect/", secure=True).text
    assert f"Its updates come to https://testserver{bot.webhook_path}." in page


def test_the_check_tells_what_the_bot_may_not_do(owner: Client, steps: str, sandbox: Sandbox, site: Site) -> None:
    sandbox.telegram.state.bot(TOKEN)
    bot = BotFactory(account=site.account, token=TOKEN)
    channel = ChannelFactory(site=site, bot=bot, telegram_channel_id=CHAT)
    sandbox.telegram.state.bot(TOKEN).without_invite_right.add(CHAT)
    page = owner.post(f"{steps}bot/{bot.pk}/check/").text
    assert "Nobody is told when somebody joins." in page
    assert "may not invite users here" in page
    channel.refresh_from_db()
    assert "may not invite users here" in channel.bot_problem


def test_a_token_that_no_key_opens_is_asked_for_again(owner: Client, steps: str, site: Site, sandbox: Sandbox) -> None:
    bot = BotFactory(account=site.account)
    Bot.objects.update(token_encrypted="made-with-another-key")
    assert "Enter the token again" in owner.post(f"{steps}bot/{bot.pk}/check/").text
    assert "Enter the token again" in owner.post(f"{steps}bot/{bot.pk}/connect/").text
    form = {"bot": bot.pk, "chat": str(CHAT), "event_type": "Lead"}
    assert "No encryption key opens its token" in owner.post(f"{steps}channels/add/", form).text


def test_an_answer_that_makes_no_sense_is_told(owner: Client, steps: str, sandbox: Sandbox) -> None:
    sandbox.fault(kind="html200", platform="telegram")
    assert "could not be read" in owner.post(f"{steps}bot/add/", {"token": TOKEN}).text
    assert not Bot.objects.exists()


# ------------------------------------------------------------------ channels
def test_a_found_chat_becomes_the_default_channel(owner: Client, steps: str, site: Site) -> None:
    chat = BotChatFactory(bot=BotFactory(account=site.account), title="VIP", username="vip_room")
    assert "VIP" in owner.get(f"{steps}channels/found/").text
    owner.post(f"{steps}channels/found/{chat.pk}/", {"event_type": "Subscribe"})
    channel = Channel.objects.get()
    assert (channel.title, channel.bot, channel.username) == ("VIP", chat.bot, "vip_room")
    assert (channel.event_type, channel.is_default) == ("Subscribe", True)
    assert "No new channel was found yet" in owner.get(f"{steps}channels/found/").text
    owner.post(f"{steps}channels/found/{chat.pk}/", {"event_type": "Subscribe"})
    assert Channel.objects.count() == 1


def test_a_channel_is_added_by_its_name(owner: Client, steps: str, site: Site, sandbox: Sandbox) -> None:
    bot = BotFactory(account=site.account, token=TOKEN)
    sandbox.telegram.state.bot(TOKEN)
    form = {"bot": bot.pk, "chat": str(CHAT), "event_type": "Lead"}
    owner.post(f"{steps}channels/add/", form)
    channel = Channel.objects.get()
    assert (channel.telegram_channel_id, channel.bot_problem, channel.is_default) == (CHAT, "", True)
    assert "is a channel of this site already" in owner.post(f"{steps}channels/add/", form).text
    assert "chat not found" in owner.post(f"{steps}channels/add/", form | {"chat": "@nobody_here"}).text
    assert "Write @name or the id" in owner.post(f"{steps}channels/add/", form | {"chat": "two words"}).text


def test_another_channel_becomes_the_default(owner: Client, steps: str, site: Site) -> None:
    first, second = ChannelFactory(site=site, is_default=True), ChannelFactory(site=site, is_default=False)
    owner.post(f"{steps}channels/{second.pk}/default/")
    assert list(Channel.objects.filter(is_default=True)) == [second]
    assert first.site == second.site


# ------------------------------------------------------------------ pixels
@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_a_pixel_is_connected_and_tried(owner: Client, steps: str, site: Site, sandbox: Sandbox, platform: str) -> None:
    answer = owner.post(f"{steps}pixels/new/{platform}/", PIXELS[platform])
    assert answer.status_code == 302, answer.context["form"].errors
    pixel = Pixel.objects.get()
    assert (pixel.site, pixel.platform, pixel.is_active) == (site, platform, True)
    page = owner.post(f"{steps}pixels/{pixel.pk}/test/", {"real": "on"})
    assert page.context["sent"].worked, page.context["sent"]


@pytest.mark.parametrize(
    ("credential", "hint"),
    [
        ("EAA-good-token-abcd", "abcd"),
        ('{"clientId": "1", "clientSecret": "2", "refreshToken": "1//0gRefreshTokenWxyz"}', "Wxyz"),
        ('{"client_email": "a@b", "private_key": "-----", "private_key_id": "0123456789abcdef"}', "cdef"),
        ("{", ""),
        ("short", ""),
    ],
)
def test_a_hint_tells_tokens_apart(credential: str, hint: str) -> None:
    pixel = Pixel(platform="google" if credential.startswith("{") else "meta")
    pixel.set_credential(credential)
    assert pixel.credential_hint == hint


def test_googles_actions_are_kept_with_its_pixel(owner: Client, steps: str, site: Site) -> None:
    owner.post(f"{steps}pixels/new/google/", PIXELS["google"])
    pixel = Pixel.objects.get()
    assert (pixel.pixel_id, pixel.credential_hint) == ("1234567890", "")
    assert pixel.options == {"conversionActions": {"Lead": "7654321", "Purchase": "7654322"}}


@pytest.mark.parametrize(
    ("platform", "change", "told"),
    [
        ("meta", {"pixel_id": "12 34"}, "Letters, digits, - and _ only"),
        ("meta", {"new_token": ""}, "A pixel needs its access token"),
        ("meta", {"pixel_id": "999"}, "This site has it already"),
        ("meta", {"event_names": "Lead"}, "is no pair such as"),
        ("google", {"new_token": '{"clientId": 1}'}, "A service-account key, or clientId"),
        ("google", {"conversion_actions": "Lead="}, "is no pair such as"),
    ],
)
def test_a_pixel_that_cannot_be_is_refused(
    owner: Client, steps: str, site: Site, platform: str, change: dict[str, str], told: str
) -> None:
    PixelFactory(site=site, platform=platform, pixel_id="999")
    assert told in owner.post(f"{steps}pixels/new/{platform}/", PIXELS[platform] | change).text
    assert Pixel.objects.count() == 1


def test_a_new_token_resumes_a_paused_pixel_and_keeps_its_options(owner: Client, steps: str, site: Site) -> None:
    pixel = PixelFactory(site=site, paused=True, options={"limitedDataUse": True, "testPixel": True})
    form = {"pixel_id": pixel.pixel_id, "new_token": "EAA-mended-token", "is_active": "on"}
    form |= {"test_pixel": "on", "limited_data_use": "on"}
    owner.post(f"{steps}pixels/{pixel.pk}/", form)
    pixel.refresh_from_db()
    assert (pixel.credential(), pixel.paused_at) == ("EAA-mended-token", None)
    assert pixel.options == {"limitedDataUse": True, "testPixel": True}


def test_an_empty_token_keeps_the_stored_one(owner: Client, steps: str, site: Site) -> None:
    pixel = PixelFactory(site=site, credential="EAA-stays")
    owner.post(f"{steps}pixels/{pixel.pk}/", {"pixel_id": pixel.pixel_id, "event_names": "Lead = Contact"})
    pixel.refresh_from_db()
    assert (pixel.credential(), pixel.is_active) == ("EAA-stays", False)
    assert pixel.options == {"eventNames": {"Lead": "Contact"}}


# ------------------------------------------------------------------ key and first event
def test_the_key_fills_the_snippets(owner: Client, steps: str, channel: Channel) -> None:
    page = owner.post(f"{steps}key/make/", {"name": "backend", "mode": "live", "site": channel.site_id})
    token = page.context["token"]
    assert page.text.count(token) == 5  # by itself and in four snippets
    assert page.text.count(channel.site_id) > 4
    assert ApiKey.objects.get().site_id == channel.site_id
    assert "no-store" in page.headers["Cache-Control"]
    assert token not in owner.get(f"{steps}key/").text


def test_the_first_event_appears(owner: Client, steps: str, channel: Channel) -> None:
    assert "No event yet" in owner.get(f"{steps}key/event/").text
    ConversionFactory(channel=channel, purchase=True)
    page = owner.get(f"{steps}key/event/").text
    assert "Purchase" in page
    assert "49.90" in page


@pytest.mark.parametrize(
    ("path", "owners", "managers"),
    [
        ("bot/", 200, 200),
        ("channels/", 200, 200),
        ("pixels/", 200, 200),
        ("pixels/new/meta/", 200, 403),
        ("key/", 200, 200),
    ],
)
def test_tokens_are_the_owners(signed_in: SignedIn, steps: str, path: str, owners: int, managers: int) -> None:
    assert signed_in(Role.OWNER).get(steps + path).status_code == owners
    assert signed_in(Role.MANAGER).get(steps + path).status_code == managers
    assert signed_in(Role.STAFF).get(steps + path).status_code == 403


def test_a_manager_gives_no_tokens(signed_in: SignedIn, steps: str) -> None:
    manager = signed_in(Role.MANAGER)
    assert manager.post(f"{steps}bot/add/", {"token": TOKEN}).status_code == 403
    assert manager.post(f"{steps}key/make/", {"name": "x", "mode": "live"}).status_code == 403
    assert not Bot.objects.exists()


def test_questions_to_telegram_are_few(owner: Client, steps: str, site: Site, sandbox: Sandbox, monkeypatch) -> None:
    monkeypatch.setattr(asking, "QUESTIONS_PER_MINUTE", 2)
    bot = BotFactory(account=site.account, token=TOKEN)
    answers = [owner.post(f"{steps}bot/{bot.pk}/check/", follow=True).text for _ in range(3)]
    assert ["That was often" in answer for answer in answers] == [False, False, True]


def test_a_visit_ends_the_waiting(owner: Client, steps: str, site: Site) -> None:
    assert "data-done" not in owner.get(f"{steps}snippet/seen/").text
    VisitFactory(site=site, visited_at=timezone.now())
    assert "data-done" in owner.get(f"{steps}snippet/seen/").text
