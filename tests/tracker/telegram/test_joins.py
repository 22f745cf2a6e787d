"""From a person's steps in Telegram to leads, joins, conversions and sends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conversions.choices import EventType, Source
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Channel, Lead
from tests.factories import BotFactory, ChannelFactory, InviteFactory, SiteFactory, VisitFactory
from tests.tracker.telegram import recorded
from tests.tracker.telegram.conftest import tell
from tests.tracker.telegram.recorded import ADMIN, CHAT
from tracker.choices import Route
from tracker.models import BotChat, Join
from tracker.telegram import intake

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(site):
    return VisitFactory(site=site, from_meta=True, external_user_id="customer-7")


@pytest.fixture
def invite(channel, visit):
    return InviteFactory(channel=channel, given=True, visit=visit, link="https://t.me/+ours")


def ago(**values):
    return timezone.now().replace(microsecond=0) - timedelta(**values)


# ------------------------------------------------------------------ through our link
def test_a_join_through_our_link_is_sent_with_the_visits_signals(tell, invite, visit, meta_pixel) -> None:
    tell(recorded.join(link=invite.link))
    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.event_type) == (Source.TRACKER, EventType.LEAD)
    assert (conversion.visit, conversion.session_id) == (visit, visit.session_id)
    assert [(send.pixel, send.status) for send in Send.objects.all()] == [(meta_pixel, SendStatus.PENDING)]


def test_the_join_keeps_its_evidence(tell, invite, visit) -> None:
    at = ago(minutes=1)
    tell(recorded.join(link=invite.link, at=at))
    join = Join.objects.get()
    assert (join.route, join.invite, join.visit, join.joined_at) == (Route.INVITE_LINK, invite, visit, at)


def test_the_lead_is_the_person_who_joined(tell, invite) -> None:
    tell(recorded.join(link=invite.link, person=4242))
    lead = Lead.objects.get()
    assert (lead.telegram_user_id, lead.telegram_username, lead.external_user_id) == (4242, "ada_l", "customer-7")


def test_the_link_is_used_and_so_awaits_its_revocation(tell, invite) -> None:
    tell(recorded.join(link=invite.link))
    invite.refresh_from_db()
    assert invite.used_at is not None
    assert invite.revoked_at is None


def test_a_visit_without_a_click_is_ours_and_says_so(tell, channel, meta_pixel) -> None:
    visit = VisitFactory(site=channel.site)
    invite = InviteFactory(channel=channel, given=True, visit=visit)
    tell(recorded.join(link=invite.link))
    assert Join.objects.get().route == Route.NO_CLICK
    assert Conversion.objects.get().source == Source.TRACKER
    assert Send.objects.count() == 1  # IP and user agent are signals of their own


def test_a_used_link_that_another_person_joins_by_makes_no_second_sale(tell, invite, meta_pixel) -> None:
    tell(recorded.join(number=1, link=invite.link, person=1))
    tell(recorded.join(number=2, link=invite.link, person=2))
    assert Join.objects.get(lead__telegram_user_id=2).route == Route.LINK_SHARED
    assert Conversion.objects.get(telegram_user_id=2).source == Source.WEBHOOK
    assert Send.objects.count() == 1


def test_a_link_that_was_given_without_a_visit_is_still_ours(tell, channel) -> None:
    invite = InviteFactory(channel=channel)
    tell(recorded.join(link=invite.link))
    assert Join.objects.get().route == Route.NO_CLICK
    assert Conversion.objects.get().source == Source.TRACKER
    invite.refresh_from_db()
    assert invite.given_at is not None  # the pool gives it to nobody any more


# ------------------------------------------------------------------ organic
def test_an_organic_join_is_kept_and_not_sent(tell, meta_pixel) -> None:
    tell(recorded.join())
    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.visit) == (Source.WEBHOOK, None)
    assert not Send.objects.exists()


@pytest.mark.parametrize(
    ("channel_values", "update", "route"),
    [
        ({"username": "acme_vip"}, {}, Route.PUBLIC_CHANNEL),
        ({}, {}, Route.PUBLIC_CHANNEL),
        ({}, {"link": "https://t.me/+someone-elses"}, Route.LINK_UNKNOWN),
        ({}, {"link": "https://t.me/+ou…"}, Route.LINK_UNKNOWN),
        ({}, {"sender": ADMIN}, Route.ADDED_BY_ADMIN),
        ({"bot_problem": "No rights."}, {"link": "https://t.me/+fallback"}, Route.BOT_NOT_ADMIN),
    ],
)
def test_a_join_that_nobody_can_attribute_says_why(tell, channel, invite, channel_values, update, route) -> None:
    Channel.objects.update(**channel_values)
    tell(recorded.join(**update))
    assert Join.objects.get().route == route
    assert Conversion.objects.get().source == Source.WEBHOOK


def test_a_link_of_another_channel_is_not_ours_here(tell, channel, visit) -> None:
    elsewhere = InviteFactory(channel=ChannelFactory(site=channel.site), given=True, visit=visit)
    tell(recorded.join(link=elsewhere.link))
    assert Join.objects.get().route == Route.LINK_UNKNOWN


# ------------------------------------------------------------------ the channel decides what a join means
def test_a_channel_without_an_event_only_keeps_the_join(tell, channel, invite) -> None:
    Channel.objects.update(event_type="")
    tell(recorded.join(link=invite.link))
    assert Join.objects.count() == 1
    assert not Conversion.objects.exists()


def test_an_auto_fired_purchase_has_the_channels_value(tell, invite, meta_pixel) -> None:
    Channel.objects.update(event_type=EventType.PURCHASE, value=Decimal("49.9"), currency="EUR", auto_fire=True)
    tell(recorded.join(link=invite.link))
    conversion = Conversion.objects.get()
    assert (conversion.value, conversion.currency, conversion.awaiting_manual_input) == (Decimal("49.9"), "EUR", False)
    assert Send.objects.count() == 1


def test_a_purchase_without_auto_fire_awaits_its_value(tell, invite, meta_pixel) -> None:
    Channel.objects.update(event_type=EventType.PURCHASE, auto_fire=False)
    tell(recorded.join(link=invite.link))
    assert Conversion.objects.get().awaiting_manual_input
    assert not Send.objects.exists()


def test_a_paused_site_takes_no_events(tell, site, invite) -> None:
    site.is_paused = True
    site.save()
    tell(recorded.join(link=invite.link))
    assert Join.objects.count() == 1
    assert not Conversion.objects.exists()


def test_an_inactive_channel_and_an_unknown_chat_are_ignored(tell, channel) -> None:
    tell(recorded.join(number=1, chat=-100555))
    Channel.objects.update(is_active=False)
    tell(recorded.join(number=2))
    assert not Join.objects.exists()


def test_a_bot_speaks_for_its_own_account_only(tell, stranger_site) -> None:
    theirs = ChannelFactory(site=stranger_site, telegram_channel_id=-100777)
    tell(recorded.join(chat=-100777))
    tell(recorded.bot_rights(number=2, chat=-100777, status="left"))
    tell(recorded.migration(number=3, old=-100777, new=-100778))
    theirs.refresh_from_db()
    assert (theirs.bot_problem, theirs.telegram_channel_id) == ("", -100777)
    assert not Join.objects.exists()


def test_a_link_tells_which_of_two_sites_a_chat_serves(tell, account, bot, channel, invite) -> None:
    ChannelFactory(site=SiteFactory(account=account), bot=bot, telegram_channel_id=CHAT)
    tell(recorded.join(link=invite.link))
    assert Join.objects.get().channel == channel


# ------------------------------------------------------------------ leaving and coming back
def test_leaving_is_recorded(tell, invite) -> None:
    left_at = ago(minutes=1)
    tell(recorded.join(number=1, link=invite.link, at=ago(minutes=5)))
    tell(recorded.leave(number=2, at=left_at))
    assert Join.objects.get().left_at == left_at


def test_coming_back_makes_no_second_conversion(tell, channel, invite) -> None:
    second = InviteFactory(channel=channel, given=True)
    tell(recorded.join(number=1, link=invite.link, at=ago(minutes=5)))
    tell(recorded.leave(number=2, at=ago(minutes=4)))
    tell(recorded.join(number=3, link=second.link, at=ago(minutes=3)))
    join = Join.objects.get()
    assert (join.rejoins, join.left_at, join.invite) == (1, None, invite)
    assert Conversion.objects.count() == 1
    second.refresh_from_db()
    assert second.used_at is not None


def test_coming_back_long_after_the_duplicate_window_counts_nothing_either(tell, invite) -> None:
    tell(recorded.join(number=1, link=invite.link, at=ago(days=9)))
    Conversion.objects.update(attributed_at=ago(days=9))
    tell(recorded.leave(number=2, at=ago(days=8)))
    tell(recorded.join(number=3, at=ago(days=1)))
    assert Conversion.objects.count() == 1


def test_the_same_join_told_by_two_bots_is_one(tell, invite) -> None:
    at = ago(minutes=1)
    tell(recorded.join(number=1, link=invite.link, at=at))
    tell(recorded.join(number=2, link=invite.link, at=at))
    assert Join.objects.get().rejoins == 0


def test_a_leave_that_arrives_before_its_join_is_waited_for(tell, bot, invite) -> None:
    left_at = ago(minutes=1)
    tell(recorded.leave(number=2, at=left_at))
    tell(recorded.join(number=1, link=invite.link, at=ago(minutes=2)))
    intake.work_due(timezone.now() + intake.WAIT_FOR_THE_JOIN)
    assert Join.objects.get().left_at == left_at
    assert not bot.updates.filter(processed_at=None).exists()


def test_somebody_from_before_the_bot_may_leave(tell, bot) -> None:
    tell(recorded.leave())
    intake.work_due(timezone.now() + intake.WAIT_FOR_THE_JOIN)
    assert not bot.updates.filter(processed_at=None).exists()
    assert not Lead.objects.exists()


def test_a_leave_that_arrives_after_the_return_changes_nothing(tell, invite) -> None:
    tell(recorded.join(number=1, link=invite.link, at=ago(minutes=5)))
    tell(recorded.join(number=3, at=ago(minutes=3)))
    tell(recorded.leave(number=2, at=ago(minutes=4)))
    join = Join.objects.get()
    assert (join.left_at, join.rejoins) == (None, 1)


# ------------------------------------------------------------------ the API told of it before
def test_an_event_that_the_api_told_before_is_completed_by_the_join(tell, api, channel, invite, visit) -> None:
    body = {
        "telegramUserId": 777,
        "eventType": "Lead",
        "channelId": channel.pk,
        "websiteId": channel.site.website_id,
    }
    assert api.post("/api/v1/events/conversion", body).status_code == 200
    tell(recorded.join(link=invite.link))
    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.visit) == (Source.API, visit)


def test_an_event_that_the_join_made_is_answered_as_a_duplicate(tell, api, channel, invite) -> None:
    tell(recorded.join(link=invite.link))
    answer = api.post("/api/v1/events/conversion", {"telegramUserId": 777, "eventType": "Lead"}).json()
    assert answer["deduplicated"] is True
    assert Conversion.objects.count() == 1


# ------------------------------------------------------------------ the bot and the group
def test_lost_rights_show_on_the_channel_and_regained_ones_clear_it(tell, channel) -> None:
    tell(recorded.bot_rights(number=1, can_invite_users=False))
    channel.refresh_from_db()
    assert "may not invite" in channel.bot_problem
    tell(recorded.bot_rights(number=2, status="kicked"))
    channel.refresh_from_db()
    assert "not an administrator" in channel.bot_problem
    tell(recorded.bot_rights(number=3, can_invite_users=True))
    channel.refresh_from_db()
    assert channel.bot_problem == ""


def test_a_chat_is_remembered_while_the_bot_is_in_it(tell, channel) -> None:
    tell(recorded.bot_rights(number=1, can_invite_users=False))
    tell(recorded.bot_rights(number=2, can_invite_users=True))
    chat = BotChat.objects.get()
    assert (chat.telegram_chat_id, chat.title, chat.problem) == (CHAT, "VIP", "")
    tell(recorded.bot_rights(number=3, status="kicked"))
    assert not BotChat.objects.exists()


def test_a_replayed_loss_of_rights_loses_them_only_once(tell, channel) -> None:
    tell(recorded.bot_rights(number=1, status="left"))
    tell(recorded.bot_rights(number=2, can_invite_users=True))
    tell(recorded.bot_rights(number=1, status="left"))
    channel.refresh_from_db()
    assert channel.bot_problem == ""


def test_the_channel_follows_its_group_to_the_new_id(tell, channel) -> None:
    tell(recorded.migration(old=CHAT, new=-100222))
    channel.refresh_from_db()
    assert channel.telegram_channel_id == -100222


def test_a_group_that_moves_onto_a_known_channel_moves_nothing(tell, channel) -> None:
    ChannelFactory(site=channel.site, telegram_channel_id=-100222)
    tell(recorded.migration(old=CHAT, new=-100222))
    channel.refresh_from_db()
    assert channel.telegram_channel_id == CHAT


# ------------------------------------------------------------------ several bots of one channel
class TestSeveralBots:
    """Telegram shows the whole link only to the bot that made it, and cuts it for the others."""

    CUT = "https://t.me/+o…"

    @pytest.fixture
    def second(self, channel, bot):
        made = BotFactory(account=bot.account, username="second", token="43:BB-token")
        channel.further_bots.add(made)
        return made

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_the_makers_word_counts_in_any_order(self, bot, second, invite, order) -> None:
        told = [(bot, recorded.join(link=self.CUT)), (second, recorded.join(link=invite.link))]
        for number in order:
            tell(*told[number])
        intake.work_due(timezone.now() + timedelta(minutes=1))
        assert (Join.objects.get().route, Join.objects.get().rejoins) == (Route.INVITE_LINK, 0)

    def test_a_link_made_by_hand_is_recorded_later(self, bot, second) -> None:
        tell(bot, recorded.join(link=self.CUT))
        assert not Join.objects.exists()
        intake.work_due(timezone.now() + timedelta(minutes=1))
        assert Join.objects.get().route == Route.LINK_UNKNOWN

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_a_request_keeps_its_link_in_any_order(self, bot, second, invite, order) -> None:
        told = [(bot, recorded.join_request(link=self.CUT)), (second, recorded.join_request(link=invite.link))]
        for number in order:
            tell(*told[number])
        intake.work_due(timezone.now() + timedelta(minutes=1))
        assert Join.objects.get().invite == invite
