"""Join requests: remembered with their link, approved outside the request, counted once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from adtarget.core import doorbell
from conversions.choices import Source
from conversions.models import Conversion
from leads.models import Channel
from tests.factories import InviteFactory, VisitFactory
from tests.tracker.telegram import recorded
from tests.tracker.telegram.fake_telegram import error
from tests.tracker.telegram.recorded import ADMIN, CHAT
from tracker.choices import Route
from tracker.models import Join
from tracker.telegram import approvals

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _asks_first(channel):
    channel.uses_join_requests = True
    channel.save()


@pytest.fixture
def invite(channel):
    visit = VisitFactory(site=channel.site, from_meta=True)
    return InviteFactory(channel=channel, given=True, visit=visit, creates_join_request=True)


def approve(**later):
    return approvals.approve_due(timezone.now() + timedelta(**later))


def ago(**values):
    return timezone.now().replace(microsecond=0) - timedelta(**values)


def test_a_request_is_remembered_and_is_no_conversion_yet(tell, invite) -> None:
    at = ago(minutes=1)
    tell(recorded.join_request(link=invite.link, at=at))
    join = Join.objects.get()
    assert (join.requested_at, join.joined_at, join.invite, join.route) == (at, None, invite, Route.JOIN_REQUEST)
    assert not Conversion.objects.exists()


def test_a_request_is_approved_by_a_call_outside_the_webhook(tell, invite, telegram) -> None:
    tell(recorded.join_request(link=invite.link))
    assert telegram.calls == []
    assert approve() == 1
    assert telegram.calls == [("42:AA-token", "approveChatJoinRequest", {"chat_id": CHAT, "user_id": 777})]
    assert Join.objects.get().approved_at is not None
    assert approve(days=1) == 0
    assert len(telegram.calls) == 1


def test_a_worker_is_called_after_commit(tell, invite, monkeypatch, django_capture_on_commit_callbacks) -> None:
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "call", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        tell(recorded.join_request(link=invite.link))
    assert rung == ["tracker.approve_join_requests"]


def test_the_later_join_is_counted_once_and_attributed_by_the_request(tell, invite, meta_pixel) -> None:
    tell(recorded.join_request(number=1, link=invite.link, at=ago(minutes=2)))
    tell(recorded.join(number=2, sender=ADMIN, via_join_request=True, at=ago(minutes=1)))
    tell(recorded.join(number=3, link=invite.link, via_join_request=True, at=ago(minutes=1)))
    join = Join.objects.get()
    assert (join.route, join.invite, join.rejoins) == (Route.JOIN_REQUEST, invite, 0)
    conversion = Conversion.objects.get()
    assert (conversion.source, conversion.visit) == (Source.TRACKER, invite.visit)
    invite.refresh_from_db()
    assert invite.used_at is not None


def test_asking_again_after_leaving_keeps_the_first_evidence(tell, channel, invite) -> None:
    tell(recorded.join(number=1, at=ago(minutes=9)))
    tell(recorded.leave(number=2, at=ago(minutes=8)))
    tell(recorded.join_request(number=3, link=invite.link, at=ago(minutes=7)))
    tell(recorded.join(number=4, link=invite.link, via_join_request=True, at=ago(minutes=6)))
    join = Join.objects.get()
    assert (join.route, join.rejoins) == (Route.PUBLIC_CHANNEL, 1)
    assert Conversion.objects.get().source == Source.WEBHOOK


def test_a_request_without_our_link_is_organic_once_they_join(tell) -> None:
    tell(recorded.join_request(number=1, at=ago(minutes=2)))
    tell(recorded.join(number=2, via_join_request=True, at=ago(minutes=1)))
    assert Join.objects.get().route == Route.PUBLIC_CHANNEL
    assert Conversion.objects.get().source == Source.WEBHOOK


def test_a_request_link_that_was_passed_on_counts_its_first_person_only(tell, invite) -> None:
    for number, person in enumerate([1, 2]):
        tell(recorded.join_request(number=number, person=person, link=invite.link, at=ago(minutes=2)))
    tell(recorded.join(number=8, person=1, via_join_request=True))
    tell(recorded.join(number=9, person=2, via_join_request=True))
    routes = dict(Join.objects.values_list("lead__telegram_user_id", "route"))
    assert routes == {1: Route.JOIN_REQUEST, 2: Route.LINK_SHARED}


@pytest.mark.parametrize(
    ("channel_values", "by_our_link", "is_approved"),
    [
        ({"auto_approve": True}, False, True),
        ({"auto_approve": False}, True, False),
        ({"uses_join_requests": False}, True, True),
        ({"uses_join_requests": False}, False, False),
    ],
)
def test_the_channel_decides_who_is_let_in(tell, invite, telegram, channel_values, by_our_link, is_approved) -> None:
    Channel.objects.update(**channel_values)
    tell(recorded.join_request(link=invite.link if by_our_link else "https://t.me/+mine"))
    assert approve() == is_approved


@pytest.mark.parametrize("answer", [error(500, "Internal Server Error"), error(401, "Unauthorized")])
def test_a_failed_approval_is_tried_again_by_the_sweep(tell, invite, telegram, answer) -> None:
    telegram.answers["approveChatJoinRequest"] = [answer, True]
    tell(recorded.join_request(link=invite.link))
    assert approve() == 0
    assert approve(seconds=30) == 0
    assert approve(seconds=70) == 1


def test_telegrams_wait_is_honoured(tell, invite, telegram) -> None:
    telegram.answers["approveChatJoinRequest"] = [error(429, "Too Many Requests", retry_after=300), True]
    tell(recorded.join_request(link=invite.link))
    assert [approve(), approve(seconds=290), approve(seconds=310)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        ("Bad Request: HIDE_REQUESTER_MISSING", ""),
        ("Bad Request: USER_ALREADY_PARTICIPANT", ""),
        ("Bad Request: not enough rights", "Telegram refuses to approve requests: Bad Request: not enough rights"),
    ],
)
def test_a_final_answer_is_not_asked_for_again(tell, channel, invite, telegram, description, problem) -> None:
    telegram.answers["approveChatJoinRequest"] = [error(400, description)]
    tell(recorded.join_request(link=invite.link))
    assert [approve(), approve(days=1), len(telegram.calls)] == [0, 0, 1]
    channel.refresh_from_db()
    assert channel.bot_problem == problem


def test_an_approval_is_given_up_after_a_day(tell, invite, telegram) -> None:
    telegram.answers["approveChatJoinRequest"] = [error(500, "Internal Server Error")]
    tell(recorded.join_request(link=invite.link))
    approve(hours=25)
    assert Join.objects.get().approval_due_at is None


def test_a_group_that_moved_meanwhile_is_followed(tell, channel, invite, telegram) -> None:
    moved = error(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100333)
    telegram.answers["approveChatJoinRequest"] = [moved, True]
    tell(recorded.join_request(link=invite.link))
    approve()
    assert approve(seconds=1) == 1
    assert [params["chat_id"] for params in telegram.asked("approveChatJoinRequest")] == [CHAT, -100333]


def test_two_workers_ask_once(tell, invite, telegram, monkeypatch) -> None:
    tell(recorded.join_request(link=invite.link))
    now, asked = timezone.now(), []

    def call(token, method, *, params):
        asked.append(method)
        approvals.approve_due(now)  # the other worker, while Telegram thinks

    monkeypatch.setattr(approvals.client, "call", call)
    approvals.approve_due(now)
    assert len(asked) == 1
