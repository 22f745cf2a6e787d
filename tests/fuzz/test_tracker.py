"""The public endpoints of the tracker and Telegram's webhook withstand anything a stranger sends."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from conversions.models import Conversion
from leads.models import Bot, Channel, Site
from tests.factories import BotFactory, ChannelFactory, InviteFactory
from tests.fuzz.effort import effort
from tests.fuzz.inputs import bodies, header_value, headers, json_values, texts, written
from tests.tracker.telegram.recorded import CHAT
from tracker.link_making import LINK
from tracker.models import Visit

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz, pytest.mark.xdist_group("fuzz")]

VISITOR = "0b9d4c1e-6f0a-4d3c-8a52-1f2e3d4c5b6a"
FBP = "fb.1.1596403881668.1116446470"
HEADERS = (
    *("Origin", "Referer", "User-Agent", "Cookie", "Accept", "X-Forwarded-For", "X-Adtarget-Client-IP"),
    *("X-Adtarget-Client-User-Agent", "Accept-Encoding"),
)
MEDIA_TYPES = ["text/plain", "application/json", "", "text/html", "application/json; charset=utf-16", "a/b; \x80"]
COOKIES = ("adtarget_temp_id", "adtarget_session_id", "_fbp", "_fbc", "_ttp", "_scid", "ttclid")
SECRET = "webhook-secret"


@pytest.fixture
def site(unlimited: None, site: Site, settings: Any) -> Site:
    settings.TRACKER_RATE_LIMIT_PER_ADDRESS = settings.TRACKER_RATE_LIMIT_PER_SITE = 10**9
    settings.INVITES_PER_ADDRESS = settings.API_FAILED_KEYS_PER_MINUTE = 10**9
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    return site


@pytest.fixture
def bot(site: Site) -> Bot:
    return BotFactory(account=site.account, username="acme_bot", token="42:AA-token")


@pytest.fixture
def channel(site: Site, bot: Bot) -> Channel:
    made = ChannelFactory(site=site, bot=bot, default=True, telegram_channel_id=CHAT, invite_link="https://t.me/+own")
    InviteFactory.create_batch(3, channel=made)
    return made


def cookies(values: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={header_value(value)}" for name, value in values.items())} if values else {}


cookie_headers = st.dictionaries(st.sampled_from(COOKIES), texts | st.just(VISITOR), max_size=4).map(cookies)


@pytest.mark.promise("S13")
@pytest.mark.parametrize("path", ["init", "update-fbp"])
def test_no_body_and_no_header_makes_it_fail(site: Site, path: str) -> None:
    right = {"websiteId": site.website_id, "tempId": VISITOR, "href": "https://acme.example/", "fbp": FBP}
    right |= {"referrer": "", "clientIp": "", "userAgent": "", "clientSessionId": "", "consent": None, "links": True}

    @effort(100)
    @given(body=bodies(right), head=headers(*HEADERS), kept=cookie_headers, kind=st.sampled_from(MEDIA_TYPES))
    def send(body: bytes, head: dict[str, str], kept: dict[str, str], kind: str) -> None:
        answer = Client().generic("POST", f"/backend/track/{path}", body, content_type=kind, headers=head | kept)
        assert answer.status_code in (200, 400, 403, 404, 413, 415), answer.content
        assert answer["Content-Type"] == "application/json"
        answer.json()

    send()
    assert not Conversion.objects.exists()


def test_no_click_makes_the_invite_fail(site: Site, channel: Channel) -> None:
    names = ["websiteId", "tempId", "channelId", "format", "fbclid", "ttclid", "utm_source", "fbp"]
    queries = st.dictionaries(st.sampled_from(names), texts, max_size=4)

    @effort(100)
    @given(query=queries, head=headers(*HEADERS), kept=cookie_headers)
    def click(query: dict[str, str], head: dict[str, str], kept: dict[str, str]) -> None:
        query = {"websiteId": site.website_id, "tempId": VISITOR, **query}
        raw = "&".join(f"{name}={quote(value.encode(errors='surrogatepass'))}" for name, value in query.items())
        answer = Client().get("/backend/track/invite", QUERY_STRING=raw, headers=head | kept)
        assert answer.status_code in (200, 302, 400, 403, 404), answer.content
        if answer.status_code == 302:
            assert LINK.fullmatch(answer["Location"])

    click()


def test_no_raw_query_makes_the_invite_fail(site: Site, channel: Channel) -> None:
    @effort(60)
    @given(raw=st.binary(max_size=60))
    def click(raw: bytes) -> None:
        query = f"websiteId={site.website_id}&tempId={VISITOR}&" + raw.decode("latin-1")
        answer = Client().get("/backend/track/invite", QUERY_STRING=query)
        assert answer.status_code in (200, 302, 400, 403, 404), answer.content

    click()


def test_what_a_page_view_keeps_stays_small(site: Site) -> None:
    """A visit's row as JSON stays within 8 kB, whatever a page view brings."""

    @effort(40)
    @given(body=st.dictionaries(texts, texts | st.just("x" * 60_000), max_size=6), query=st.lists(texts, max_size=6))
    def send(body: dict[str, str], query: list[str]) -> None:
        href = "https://acme.example/?" + "&".join(f"fbclid={quote(one.encode(errors='replace'))}" for one in query)
        right = {**body, "websiteId": site.website_id, "tempId": VISITOR, "href": href}
        answer = Client().post("/backend/track/init", written(right), content_type="text/plain")
        if answer.status_code == 200:
            row = Visit.objects.filter(pk=answer.json()["visitId"]).values().get()
            assert len(json.dumps(row, default=str)) < 8_000

    send()


@pytest.mark.promise("S13")
def test_no_update_makes_the_webhook_fail(bot: Bot, channel: Channel) -> None:
    from tests.tracker.telegram.test_updates import EVERY_KIND

    def spoil(update: Any, data: st.DataObject) -> Any:
        """The update with one value, at any depth, replaced."""
        broken = holder = json.loads(json.dumps(update))
        while True:
            name = data.draw(st.sampled_from(sorted(holder)))
            if not isinstance(holder[name], dict) or not holder[name] or data.draw(st.booleans()):
                holder[name] = data.draw(json_values)
                return broken
            holder = holder[name]

    @effort(100)
    @given(update=st.sampled_from(EVERY_KIND), number=st.integers(), data=st.data())
    def tell(update: Any, number: int, data: st.DataObject) -> None:
        body = written(spoil({**update, "update_id": number}, data))
        answer = Client().post(
            f"/telegram/webhook/{bot.pk}",
            body,
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
        )
        assert answer.status_code == 200, answer.content

    tell()


def test_no_bytes_make_the_webhook_fail(bot: Bot, channel: Channel) -> None:
    @effort(60)
    @given(body=bodies({"update_id": 1, "message": {"chat": {"id": 1}}}))
    def tell(body: bytes) -> None:
        secret = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        answer = Client().post(f"/telegram/webhook/{bot.pk}", body, content_type="application/json", headers=secret)
        assert answer.status_code == 200, answer.content

    tell()


def test_no_wrong_secret_is_taken_or_makes_it_fail(bot: Bot) -> None:
    @effort(60)
    @given(secret=texts, named=texts | st.just(bot.pk))
    def tell(secret: str, named: str) -> None:
        path = f"/telegram/webhook/{quote(named.encode(errors='replace'), safe='')}"
        secrets = {"X-Telegram-Bot-Api-Secret-Token": header_value(secret)}
        answer = Client().post(path, b"{}", content_type="application/json", headers=secrets)
        assert answer.status_code in (401, 404), answer.content

    tell()
