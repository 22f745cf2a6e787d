"""Many paid clicks within a minute, against a Telegram that limits how fast links are made."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from adtarget.core import rate_limit
from adtarget.sandbox.server import Sandbox
from leads.models import Channel
from tests.factories import BotFactory, InviteFactory, JoinFactory
from tests.tracker.conftest import Browser
from tracker import link_cleanup, link_making, pool, supply
from tracker.models import Invite, LinkRate, UnattributableClick

pytestmark = pytest.mark.django_db
TICK = timedelta(seconds=15)  # as often as beat has pools filled


class Clock:
    """Time as database, sandbox and pace see it; the limiter's own clock is monotonic and moves along."""

    def __init__(self, monkeypatch: Any) -> None:
        self.now = timezone.now().replace(microsecond=0)
        self.began = self.now
        self._traveller = time_machine.travel(self.now, tick=False)
        self._coordinates = self._traveller.start()
        monkeypatch.setattr(rate_limit.time, "monotonic", lambda: (self.now - self.began).total_seconds() + 1000)

    def move(self, by: timedelta) -> datetime:
        self.now += by
        self._coordinates.move_to(self.now)
        supply.forget()
        return self.now

    def stop(self) -> None:
        self._traveller.stop()


@pytest.fixture
def clock(monkeypatch: Any, settings: Any) -> Iterator[Clock]:
    settings.REDIS_URL = ""  # its clock does not travel
    rate_limit._shared_buckets.cache_clear()
    clock = Clock(monkeypatch)
    yield clock
    clock.stop()
    rate_limit._shared_buckets.cache_clear()


@pytest.fixture
def telegram(settings: Any) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        settings.TELEGRAM_API_URL = sandbox.url
        yield sandbox


def fill(clock: Clock, *, minutes: float) -> None:
    for _ in range(int(minutes * 4)):
        pool.fill_pools(clock.move(TICK))


def tap(site: Any, number: int) -> bool:
    """A paid click of another person; whether it got a link of its own."""
    browser = Browser(site, visitor=str(uuid4()))
    browser.client = Client(REMOTE_ADDR=f"203.0.{number // 200}.{number % 200}")
    return bool(browser.tap(gclid=f"Cj0-{number}")["Location"] != "https://t.me/+own")


def spike(clock: Clock, site: Any, clicks: int) -> float:
    """The share with a link of their own, of clicks spread over a minute."""
    personal = 0
    for number in range(clicks):
        personal += tap(site, number)
        if number % (clicks // 4) == 0:
            pool.fill_pools(clock.move(TICK))
    return personal / clicks


def refused(telegram: Sandbox) -> int:
    calls = telegram.store.events(platform="telegram")
    return sum(not call["accepted"] for call in calls)


def test_sixty_clicks_in_a_minute_find_a_cold_channel_ready(clock, telegram, site, channel) -> None:
    fill(clock, minutes=6)
    assert spike(clock, site, 60) >= 0.99


def test_three_hundred_clicks_in_a_minute_find_a_warm_channel_ready(clock, telegram, site, channel) -> None:
    for _ in range(60):  # five clicks a minute, for an hour
        InviteFactory.create_batch(5, channel=channel, given=True, given_at=clock.now, used=True)
        fill(clock, minutes=1)
    assert spike(clock, site, 300) >= 0.99


def test_several_bots_share_the_work(clock, telegram, channel, bot) -> None:
    channel.further_bots.add(BotFactory(account=bot.account, username="second", token="43:BB-token"))
    fill(clock, minutes=1)
    makers = Invite.objects.values_list("bot__username", flat=True)
    assert abs(list(makers).count("second") - list(makers).count("acme_bot")) <= 1


def test_the_pace_stays_near_what_telegram_allows(clock, telegram, channel, settings) -> None:
    settings.INVITE_POOL_SIZE = 600
    telegram.telegram.state.links_per_minute = 40
    fill(clock, minutes=30)
    made = Invite.objects.count()
    assert made >= 0.6 * 40 * 15 + 0.4 * 40 * 15  # half of the time it still learns
    assert refused(telegram) <= 12


def test_a_pace_falls_by_half_and_rises_by_steps(clock, telegram, channel, bot, settings) -> None:
    settings.INVITE_POOL_SIZE = 600
    telegram.telegram.state.links_per_minute = 6
    fill(clock, minutes=1)
    assert LinkRate.objects.get().per_minute <= 12  # it began with 20
    telegram.telegram.state.links_per_minute = 1000
    fill(clock, minutes=5)
    assert 20 <= LinkRate.objects.get().per_minute <= 12 + 2 * 4 * 5


def test_the_pool_grows_with_the_clicks(channel) -> None:
    now = timezone.now()
    assert supply.demand_of(channel.pk, now).target() == 60
    InviteFactory.create_batch(50, channel=channel, given=True, given_at=now - timedelta(minutes=2))
    assert supply.demand_of(channel.pk, now).target() == 60 + 100
    assert supply.demand_of(channel.pk, now + timedelta(minutes=30)).target() == 60 + 50


def test_clicks_that_found_none_count_as_demand(channel) -> None:
    now = timezone.now()
    for reason in ("pool_empty", "address_limit"):
        UnattributableClick.objects.create(channel=channel, reason=reason, clicked_at=now)
    assert supply.demand_of(channel.pk, now).hour == 1


# ------------------------------------------------------------------ links that come back
@pytest.fixture
def unused(channel: Channel) -> Invite:
    made: Invite = InviteFactory(channel=channel, given=True, given_at=timezone.now() - timedelta(minutes=16))
    return made


def test_an_unused_link_comes_back_while_links_are_short(channel, unused, link_maker) -> None:
    pool.fill_pools(timezone.now())
    unused.refresh_from_db()
    assert (unused.given_at, unused.visit, unused.temp_id) == (None, None, None)


def test_it_stays_with_its_visitor_while_there_are_enough(channel, unused, link_maker) -> None:
    InviteFactory.create_batch(50, channel=channel)
    pool.fill_pools(timezone.now())
    unused.refresh_from_db()
    assert unused.given_at is not None


@pytest.mark.parametrize("change", [{"given_at": timezone.now()}, {"used_at": timezone.now()}])
def test_a_fresh_or_used_link_stays(channel, unused, link_maker, change) -> None:
    Invite.objects.update(**change)
    assert pool.take_back(channel, now=timezone.now(), most=5) == 0


def test_the_link_of_a_pending_request_stays(channel, unused) -> None:
    JoinFactory(channel=channel, invite=unused, joined_at=None, requested_at=timezone.now())
    assert pool.take_back(channel, now=timezone.now(), most=5) == 0


def test_a_second_bot_revokes_its_own_link(clock, telegram, channel, bot) -> None:
    second = BotFactory(account=bot.account, username="second", token="43:BB-token")
    channel.further_bots.add(second)
    invite = link_making.make_link(channel, second, now=clock.now)
    Invite.objects.update(used_at=clock.now)
    assert link_cleanup.revoke_stale(clock.now) == 1
    assert telegram.telegram.state.find_link(invite.link)[1].is_revoked
