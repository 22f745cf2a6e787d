"""A browser on acme.example, and a Bot API on loopback that makes links."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from leads.models import Bot, Channel, Site
from tests.factories import BotFactory, ChannelFactory
from tests.tracker.telegram.fake_telegram import FakeTelegram
from tracker.models import Visit

VISITOR = "0b9d4c1e-6f0a-4d3c-8a52-1f2e3d4c5b6a"
ORIGIN = "https://acme.example"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)"


class Browser:
    """One visitor's browser on a page of acme.example, speaking to the tracker directly."""

    def __init__(self, site: Site, *, visitor: str = VISITOR, origin: str = ORIGIN) -> None:
        self.site, self.visitor, self.origin = site, visitor, origin
        self.client = Client(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT=IPHONE)

    def post(self, path: str, body: Any, *, headers: dict[str, str] | None = None, **options: Any) -> HttpResponse:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        options.setdefault("content_type", "text/plain")
        return self.client.post(path, data=data, headers={"Origin": self.origin, **(headers or {})}, **options)

    def init(self, query: str = "", *, headers: dict[str, str] | None = None, **body: Any) -> HttpResponse:
        told = {"websiteId": self.site.website_id, "href": f"{self.origin}/{query}", "tempId": self.visitor, **body}
        return self.post("/backend/track/init", told, headers=headers)

    def visit(self, query: str = "", **body: Any) -> Visit:
        """The row that a page view made."""
        response = self.init(query, **body)
        assert response.status_code == 200, response.content
        return Visit.objects.get(pk=response.json()["visitId"])

    def arrive(self) -> "Browser":
        """Views the page some seconds ago, as people do before they tap."""
        with time_machine.travel(timezone.now() - timedelta(seconds=5), tick=False):
            self.init()
        return self

    def update(self, **ids: Any) -> HttpResponse:
        return self.post(
            "/backend/track/update-fbp", {"websiteId": self.site.website_id, "tempId": self.visitor, **ids}
        )

    def tap(self, *, headers: dict[str, str] | None = None, **query: Any) -> HttpResponse:
        """Follows the link to the invite."""
        told = {"websiteId": self.site.website_id, "tempId": self.visitor, **query}
        return self.client.get("/backend/track/invite", told, headers={"Referer": f"{self.origin}/", **(headers or {})})


class LinkMaker(FakeTelegram):
    """Makes another link each time it is asked, unless an answer was planned."""

    def answer(self, token: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "createChatInviteLink" and method not in self.answers:
            self.calls.append((token, method, params))
            return {"ok": True, "result": {"invite_link": f"https://t.me/+made{len(self.calls)}"}}
        return super().answer(token, method, params)


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser(site)


@pytest.fixture
def bot(site: Site) -> Bot:
    return BotFactory(account=site.account, username="acme_bot", token="42:AA-token")


@pytest.fixture
def channel(site: Site, bot: Bot) -> Channel:
    return ChannelFactory(site=site, bot=bot, title="VIP", default=True, invite_link="https://t.me/+own")


@pytest.fixture
def link_maker(settings: Any) -> Iterator[LinkMaker]:
    fake = LinkMaker()
    settings.TELEGRAM_API_URL = fake.url
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def _no_real_telegram(settings: Any) -> None:
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
