"""Our bot in our channel, and the way an update reaches it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from leads.models import Bot, Channel, Site
from tests.factories import BotFactory, ChannelFactory
from tests.tracker.telegram.fake_telegram import FakeTelegram
from tests.tracker.telegram.recorded import CHAT

SECRET = "webhook-secret"
Tell = Callable[..., HttpResponse]


@pytest.fixture
def bot(site: Site) -> Bot:
    return BotFactory(account=site.account, username="acme_bot", token="42:AA-token")


@pytest.fixture
def channel(site: Site, bot: Bot) -> Channel:
    return ChannelFactory(site=site, bot=bot, title="VIP", telegram_channel_id=CHAT, default=True)


def tell(bot: Bot | str, update: Any, *, secret: str | None = SECRET) -> HttpResponse:
    """Sends an update the way Telegram does; `bytes` go out as they are."""
    path = f"/telegram/webhook/{bot.pk if isinstance(bot, Bot) else bot}"
    body = update if isinstance(update, bytes) else json.dumps(update)
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    return Client().post(path, data=body, content_type="application/json", headers=headers)


@pytest.fixture(name="tell")
def _tell(bot: Bot, channel: Channel) -> Tell:
    """tell(update) reaches our bot, whose channel exists, and must be answered with 200."""

    def told(update: Any) -> HttpResponse:
        response = tell(bot, update)
        assert response.status_code == 200
        return response

    return told


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    fake = FakeTelegram()
    settings.TELEGRAM_API_URL = fake.url
    yield fake
    fake.close()
