"""Filling the pools ahead of time, and revoking what was used."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leads.models import Channel
from tests.factories import BotFactory, ChannelFactory, InviteFactory
from tests.tracker.telegram.fake_telegram import error
from tracker import link_cleanup, link_making, pool, supply
from tracker.models import Invite, InvitePool
from tracker.tasks import fill_invite_pools, tidy_invites

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_pool(settings) -> None:
    settings.INVITE_POOL_SIZE = 3


def fill() -> int:
    return pool.fill_pools(timezone.now())


def test_a_pool_is_filled_up_to_its_size_and_no_further(channel, link_maker) -> None:
    InviteFactory(channel=channel)
    assert [fill(), fill()] == [2, 0]
    assert Invite.objects.count() == 3
    assert {params["member_limit"] for params in link_maker.asked("createChatInviteLink")} == {1}


def test_links_given_used_or_about_to_expire_do_not_count(channel, link_maker) -> None:
    now = timezone.now()
    InviteFactory(channel=channel, given=True)
    InviteFactory(channel=channel, used=True)
    InviteFactory(channel=channel, expires_at=now + timedelta(minutes=30))
    InviteFactory(channel=channel, creates_join_request=True)
    assert supply.count_free(channel, now) == 0


def test_a_channel_with_requests_gets_links_without_member_limit(channel, link_maker) -> None:
    Channel.objects.update(uses_join_requests=True)
    fill()
    params = link_maker.asked("createChatInviteLink")[0]
    assert params["creates_join_request"] is True
    assert "member_limit" not in params
    assert Invite.objects.first().creates_join_request


@pytest.mark.parametrize("change", [{"bot": None}, {"is_active": False}, {"telegram_channel_id": 42}])
def test_channels_that_need_no_pool_get_none(channel, link_maker, change) -> None:
    Channel.objects.update(**change)
    assert (fill(), link_maker.calls) == (0, [])


def test_telegrams_retry_after_is_honoured_for_all_channels_of_the_bot(channel, bot, link_maker) -> None:
    sibling = ChannelFactory(site=channel.site, bot=bot)
    InvitePool.objects.create(channel=sibling)
    link_maker.answers["createChatInviteLink"] = [error(429, "Too Many Requests", retry_after=60)]
    fill()
    rests = set(InvitePool.objects.values_list("rests_until", flat=True))
    assert len(rests) == 1
    assert rests.pop() > timezone.now() + timedelta(seconds=58)
    asked = len(link_maker.calls)
    fill()
    assert len(link_maker.calls) == asked


def test_another_bots_channel_is_filled_meanwhile(channel, link_maker) -> None:
    InvitePool.objects.create(channel=channel, rests_until=timezone.now() + timedelta(minutes=1))
    other = ChannelFactory(site=channel.site, bot=BotFactory(account=channel.site.account))
    assert fill() == 3
    assert set(Invite.objects.values_list("channel", flat=True)) == {other.pk}


def test_a_pool_is_filled_by_one_worker_at_a_time(channel, link_maker) -> None:
    InvitePool.objects.create(channel=channel, busy_until=timezone.now() + timedelta(seconds=30))
    assert fill() == 0
    InvitePool.objects.update(busy_until=timezone.now() - timedelta(seconds=1))
    assert fill() == 3
    assert InvitePool.objects.get().busy_until is None


def test_a_channel_is_not_asked_for_faster_than_its_rate(channel, link_maker, settings) -> None:
    settings.INVITE_POOL_SIZE, settings.INVITE_LINKS_PER_MINUTE = 10, 16
    assert [fill(), fill()] == [4, 0]  # a quarter of a minute's links; the next run comes in a quarter of a minute


def test_the_daily_cap_stops_the_pool_too(channel, link_maker, settings) -> None:
    settings.INVITE_LINKS_PER_DAY = 2
    assert [fill(), fill()] == [2, 0]


def test_a_group_that_moved_is_filled_under_its_new_id(channel, link_maker) -> None:
    moved = error(400, "group upgraded", migrate_to_chat_id=-1009)
    link_maker.answers["createChatInviteLink"] = [moved, {"invite_link": "https://t.me/+a"}]
    fill()
    channel.refresh_from_db()
    assert (channel.telegram_channel_id, channel.bot_problem) == (-1009, "")


def test_the_bots_regained_right_clears_what_we_noted(channel, link_maker) -> None:
    Channel.objects.update(bot_problem=f"{link_making.REFUSED}no rights")
    fill()
    channel.refresh_from_db()
    assert channel.bot_problem == ""


def test_the_task_takes_a_channel_and_whatever_a_newer_release_says(channel, link_maker) -> None:
    ChannelFactory(site=channel.site, bot=channel.bot)
    fill_invite_pools(channel_id=channel.pk, colour="red")
    assert set(Invite.objects.values_list("channel", flat=True)) == {channel.pk}


# ------------------------------------------------------------------ after use or age
def test_a_used_link_is_revoked_once(channel, link_maker) -> None:
    used = InviteFactory(channel=channel, used=True)
    InviteFactory(channel=channel, given=True)
    InviteFactory(channel=channel, used=True, expired=True)
    InviteFactory(channel=channel)
    tidy_invites()
    tidy_invites()
    expected = [{"chat_id": channel.telegram_channel_id, "invite_link": used.link}]
    assert link_maker.asked("revokeChatInviteLink") == expected


def test_links_of_the_other_kind_are_revoked(channel, link_maker) -> None:
    InviteFactory(channel=channel, creates_join_request=True)
    assert link_cleanup.revoke_stale(timezone.now()) == 1


@pytest.mark.parametrize(
    ("planned", "revoked"), [(error(400, "INVITE_HASH_EXPIRED"), 1), (error(429, "wait", retry_after=5), 0)]
)
def test_a_link_that_cannot_be_revoked_is_tried_again_unless_it_is_gone(channel, link_maker, planned, revoked) -> None:
    InviteFactory(channel=channel, used=True)
    link_maker.answers["revokeChatInviteLink"] = [planned]
    assert link_cleanup.revoke_stale(timezone.now()) == revoked
    assert Invite.objects.filter(revoked_at__isnull=False).count() == revoked


def test_only_links_nobody_got_are_deleted_a_week_after_they_expired(channel) -> None:
    now = timezone.now()
    InviteFactory(channel=channel, expires_at=now - timedelta(days=8))
    kept = [
        InviteFactory(channel=channel, expires_at=now - timedelta(days=8), given=True),
        InviteFactory(channel=channel, expires_at=now - timedelta(days=6)),
    ]
    assert link_cleanup.purge_unused(now) == 1
    assert set(Invite.objects.all()) == set(kept)
