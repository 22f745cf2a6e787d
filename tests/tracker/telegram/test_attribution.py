"""Start links, recent history, and what tells a join lost on the way from an organic one."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from conversions.choices import Source
from conversions.models import Conversion
from tests.factories import (
    BotFactory,
    ChannelFactory,
    InviteFactory,
    JoinFactory,
    LeadFactory,
    UnattributableClickFactory,
    VisitFactory,
)
from tests.tracker.telegram import recorded
from tracker import attribution
from tracker.choices import Route
from tracker.models import BotStart, Join

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(site):
    return VisitFactory(site=site, from_meta=True)


def ago(**values):
    return timezone.now().replace(microsecond=0) - timedelta(**values)


# ------------------------------------------------------------------ start links
def test_a_start_payload_leads_back_to_its_visit(visit) -> None:
    payload = attribution.start_payload(visit)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
    assert attribution.visit_of(payload) == visit


@pytest.mark.parametrize("spoil", [lambda p: p[:-1], lambda p: "x" + p, lambda p: p[:-1] + "!", lambda p: p[-16:]])
def test_a_payload_that_is_not_ours_leads_nowhere(visit, spoil) -> None:
    assert attribution.visit_of(spoil(attribution.start_payload(visit))) is None


@pytest.mark.parametrize("payload", ["", "hello", "vis_0", "x" * 64])
def test_a_payload_somebody_made_up_leads_nowhere(visit, payload) -> None:
    assert attribution.visit_of(payload) is None


def test_a_payload_holds_for_its_own_visit_only(site, visit) -> None:
    other = VisitFactory(site=site)
    forged = other.pk + attribution.start_payload(visit)[-16:]
    assert attribution.visit_of(forged) is None


def test_a_start_of_the_bot_attributes_the_next_join(tell, visit, meta_pixel) -> None:
    tell(recorded.start(attribution.start_payload(visit), number=1, at=ago(minutes=2)))
    assert not Conversion.objects.exists()
    tell(recorded.join(number=2, at=ago(minutes=1)))
    join = Join.objects.get()
    assert (join.route, join.visit) == (Route.BOT_START, visit)
    assert Conversion.objects.get().source == Source.TRACKER


def test_the_link_is_stronger_than_the_start(tell, channel, visit) -> None:
    invite = InviteFactory(channel=channel, given=True, visit=VisitFactory(site=channel.site, from_google=True))
    tell(recorded.start(attribution.start_payload(visit), number=1, at=ago(minutes=2)))
    tell(recorded.join(number=2, link=invite.link))
    assert Join.objects.get().visit == invite.visit


def test_the_latest_start_wins_and_an_old_one_is_forgotten(tell, site, visit) -> None:
    latest = VisitFactory(site=site, from_meta=True)
    tell(recorded.start(attribution.start_payload(latest), number=1, at=ago(days=1)))
    tell(recorded.start(attribution.start_payload(visit), number=2, at=ago(days=2)))
    tell(recorded.join(number=3, person=777))
    assert Join.objects.get().visit == latest
    tell(recorded.start(attribution.start_payload(visit), number=4, person=8, at=ago(days=8)))
    tell(recorded.join(number=5, person=8))
    assert Join.objects.get(lead__telegram_user_id=8).route == Route.PUBLIC_CHANNEL


def test_a_start_by_another_account_s_visit_is_ignored(tell, stranger_site) -> None:
    theirs = VisitFactory(site=stranger_site, from_meta=True)
    tell(recorded.start(attribution.start_payload(theirs)))
    assert not BotStart.objects.exists()


def test_starting_is_the_join_where_the_bot_itself_is_the_channel(tell, bot, site, visit) -> None:
    the_bot = ChannelFactory(site=site, bot=bot, telegram_channel_id=42)
    tell(recorded.start(attribution.start_payload(visit), number=1))
    tell(recorded.start(attribution.start_payload(visit), number=2))
    conversion = Conversion.objects.get()
    assert (conversion.channel, conversion.visit, conversion.source) == (the_bot, visit, Source.TRACKER)


def test_a_start_link_passed_on_makes_no_second_conversion(tell, bot, site, visit) -> None:
    ChannelFactory(site=site, bot=bot, telegram_channel_id=42, event_type="Lead")
    tell(recorded.start(attribution.start_payload(visit), number=1, person=777))
    tell(recorded.start(attribution.start_payload(visit), number=2, person=778))
    assert dict(Join.objects.values_list("lead__telegram_user_id", "route")) == {777: "bot_start", 778: "link_shared"}
    assert Conversion.objects.get(visit=visit).telegram_user_id == 777


def test_a_shared_start_attributes_no_later_join(tell, visit) -> None:
    tell(recorded.start(attribution.start_payload(visit), number=1, person=777, at=ago(minutes=3)))
    tell(recorded.start(attribution.start_payload(visit), number=2, person=778, at=ago(minutes=2)))
    tell(recorded.join(person=778, number=3))
    assert (Join.objects.get().route, Join.objects.get().visit) == (Route.LINK_SHARED, None)


def test_the_first_person_may_start_again(tell, bot, site, visit) -> None:
    for number, person in enumerate((777, 778, 777), start=1):
        tell(recorded.start(attribution.start_payload(visit), number=number, person=person))
    assert dict(BotStart.objects.values_list("telegram_user_id", "is_shared")) == {777: False, 778: True}


# ------------------------------------------------------------------ history
def joined_elsewhere(site, visit, person=777, **values):
    lead = LeadFactory(site=site, telegram_user_id=person)
    return JoinFactory(channel=ChannelFactory(site=site), lead=lead, visit=visit, **values)


def test_an_attributed_join_on_the_same_site_attributes_the_next_channel(tell, site, visit, meta_pixel) -> None:
    joined_elsewhere(site, visit, joined_at=ago(days=29))
    tell(recorded.join(link="https://t.me/+pinned-in-the-other-channel"))
    join = Join.objects.get(channel__title="VIP")
    assert (join.route, join.visit) == (Route.RECENT_HISTORY, visit)
    assert Conversion.objects.get().source == Source.TRACKER


@pytest.mark.parametrize(
    "values", [{"joined_at": ago(days=31)}, {"visit": None}, {"joined_at": None, "requested_at": ago(days=1)}]
)
def test_what_is_old_or_unattributed_is_no_history(tell, site, visit, values) -> None:
    joined_elsewhere(site, **{"visit": visit, **values})
    tell(recorded.join())
    assert Join.objects.get(channel__title="VIP").route == Route.PUBLIC_CHANNEL


def test_history_on_another_site_counts_nothing(tell, stranger_site, channel) -> None:
    joined_elsewhere(stranger_site, VisitFactory(site=stranger_site, from_meta=True))
    tell(recorded.join())
    assert Join.objects.get(channel=channel).route == Route.PUBLIC_CHANNEL


# ------------------------------------------------------------------ lost on the way, or organic?
def taps_before() -> list[str]:
    return list(Join.objects.order_by("joined_at").values_list("tap_before", flat=True))


def test_a_join_without_a_link_right_after_a_tap_was_lost_on_the_way(tell, channel) -> None:
    InviteFactory(channel=channel, given=True, given_at=ago(minutes=3))
    tell(recorded.join(at=ago(minutes=2)))
    assert taps_before() == ["personal"]


def test_a_tap_explains_one_join_only(tell, channel) -> None:
    InviteFactory(channel=channel, given=True, given_at=ago(minutes=3))
    UnattributableClickFactory(channel=channel, clicked_at=ago(minutes=3))
    for person in (1, 2, 3):
        tell(recorded.join(number=person, person=person, at=ago(minutes=2) + timedelta(seconds=person)))
    assert taps_before() == ["fallback", "personal", ""]


def test_one_visitor_who_taps_thrice_explains_one_join(tell, channel, visit) -> None:
    UnattributableClickFactory.create_batch(3, channel=channel, visit=visit, clicked_at=ago(minutes=3))
    for person in (1, 2):
        tell(recorded.join(number=person, person=person, at=ago(minutes=2) + timedelta(seconds=person)))
    assert taps_before() == ["fallback", ""]


@pytest.mark.parametrize("minutes_ago", [{"given_at": 13}, {"given_at": 1}, {"given_at": 3, "used_at": 2}, {}])
def test_without_an_open_tap_right_before_it_a_join_is_organic(tell, channel, minutes_ago) -> None:
    InviteFactory(channel=channel, **{name: ago(minutes=minutes) for name, minutes in minutes_ago.items()})
    InviteFactory(channel=ChannelFactory(site=channel.site), given=True, given_at=ago(minutes=3))
    tell(recorded.join(at=ago(minutes=2)))
    assert taps_before() == [""]


def test_whom_an_administrator_added_no_tap_brought(tell, channel) -> None:
    InviteFactory(channel=channel, given=True, given_at=ago(minutes=3))
    tell(recorded.join(sender=recorded.ADMIN, at=ago(minutes=2)))
    assert taps_before() == [""]


def test_a_link_passed_on_proves_its_tap(tell, channel, visit) -> None:
    invite = InviteFactory(channel=channel, given=True, visit=visit, given_at=ago(days=2))
    tell(recorded.join(number=1, person=1, link=invite.link, at=ago(minutes=9)))
    tell(recorded.join(number=2, person=2, link=invite.link, at=ago(minutes=2)))
    assert taps_before() == ["", "personal"]


def test_a_bot_of_the_account_reports_for_a_channel_without_a_bot(tell, account, channel) -> None:
    channel.bot = None
    channel.save()
    tell(recorded.join())
    assert Join.objects.count() == 1
    other = BotFactory(account=account)
    channel.bot = other
    channel.save()
    tell(recorded.join(number=2, person=2))
    assert Join.objects.count() == 1
