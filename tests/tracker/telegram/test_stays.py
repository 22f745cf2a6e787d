"""A channel may send its event only after somebody has stayed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversions.choices import Source
from conversions.models import Conversion
from dispatch.models import Send
from leads.locking import lock_lead
from tests.factories import InviteFactory, VisitFactory
from tests.tracker.telegram import recorded
from tracker import stays
from tracker.models import Join
from tracker.stays import qualify_stays

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _stay_a_day(channel):
    channel.stay_hours = 24
    channel.save()


@pytest.fixture
def joined_at(tell, channel):
    """A minute ago, through our link."""
    at = timezone.now().replace(microsecond=0) - timedelta(minutes=1)
    visit = VisitFactory(site=channel.site, from_meta=True)
    invite = InviteFactory(channel=channel, given=True, visit=visit, link="https://t.me/+ours")
    tell(recorded.join(number=1, link=invite.link, at=at))
    return at


def test_nothing_is_recorded_before_the_stay_is_over(joined_at) -> None:
    assert not Conversion.objects.exists()
    assert qualify_stays(joined_at + 23 * HOUR) == 0
    assert not Conversion.objects.exists()


def test_whoever_stayed_is_recorded_once_and_sent(joined_at, meta_pixel) -> None:
    assert [qualify_stays(joined_at + 24 * HOUR), qualify_stays(joined_at + 25 * HOUR)] == [1, 0]
    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.visit) == (Source.TRACKER, Join.objects.get().visit)
    assert conversion.event_time == joined_at + 24 * HOUR
    assert Send.objects.count() == 1


def test_whoever_left_before_makes_no_event(tell, joined_at) -> None:
    tell(recorded.leave(number=2, at=joined_at + 23 * HOUR))
    assert qualify_stays(joined_at + 48 * HOUR) == 0
    assert not Conversion.objects.exists()


def test_whoever_left_after_had_stayed_however_late_we_look(tell, joined_at) -> None:
    tell(recorded.leave(number=2, at=joined_at + 25 * HOUR))
    assert qualify_stays(joined_at + 26 * HOUR) == 1


def test_the_stay_begins_anew_for_whoever_comes_back(tell, joined_at) -> None:
    tell(recorded.leave(number=2, at=joined_at + HOUR))
    tell(recorded.join(number=3, at=joined_at + 2 * HOUR))
    assert [qualify_stays(joined_at + 25 * HOUR), qualify_stays(joined_at + 26 * HOUR)] == [0, 1]


def test_coming_back_after_the_event_makes_no_second_one(tell, joined_at) -> None:
    qualify_stays(joined_at + 24 * HOUR)
    tell(recorded.leave(number=2, at=joined_at + 25 * HOUR))
    tell(recorded.join(number=3, at=joined_at + 26 * HOUR))
    assert qualify_stays(joined_at + 99 * HOUR) == 0
    assert Conversion.objects.count() == 1


def test_whoever_leaves_while_we_look_makes_no_event(joined_at, monkeypatch) -> None:
    def leave_first(**which):
        Join.objects.update(qualifies_at=None)
        return lock_lead(**which)

    monkeypatch.setattr(stays, "lock_lead", leave_first)
    assert qualify_stays(joined_at + 24 * HOUR) == 0
    assert not Conversion.objects.exists()


def test_an_organic_stay_is_recorded_and_not_sent(tell, meta_pixel) -> None:
    tell(recorded.join())
    assert qualify_stays(timezone.now() + 25 * HOUR) == 1
    assert Conversion.objects.get().source == Source.WEBHOOK
    assert not Send.objects.exists()
