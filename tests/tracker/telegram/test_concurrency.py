"""The same update, and the same event by several doors, at the same moment."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from conversions.models import Conversion
from dispatch.models import Send
from leads.models import Lead
from tests.factories import InviteFactory, VisitFactory
from tests.tracker.telegram import recorded
from tests.tracker.telegram.conftest import tell
from tracker.models import Join, TelegramUpdate

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    barrier = Barrier(len(acts))

    def act(what: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=10)
            return what()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


@pytest.fixture
def invite(channel, meta_pixel):
    return InviteFactory(channel=channel, given=True, visit=VisitFactory(site=channel.site, from_meta=True))


def test_the_same_update_twice_at_once_happens_once(bot, invite) -> None:
    update = recorded.join(link=invite.link)
    answers = at_once(*[lambda: tell(bot, update).status_code] * 6)
    assert answers == [200] * 6
    counts = [model.objects.count() for model in (TelegramUpdate, Lead, Join, Conversion, Send)]
    assert counts == [1, 1, 1, 1, 1]


@pytest.mark.promise("R3")
def test_a_join_and_the_api_at_once_make_one_conversion(bot, channel, invite, api) -> None:
    body = {"telegramUserId": 777, "eventType": "Lead", "channelId": channel.pk, "websiteId": channel.site.website_id}

    def by_api() -> int:
        return api.post("/api/v1/events/conversion", body).status_code

    def by_join() -> int:
        return tell(bot, recorded.join(link=invite.link)).status_code

    assert at_once(by_join, by_api, by_join, by_api) == [200] * 4
    conversion = Conversion.objects.get()
    assert conversion.visit == invite.visit
    assert Send.objects.count() == 1


def test_two_people_by_one_link_at_once_make_one_attributed_join(bot, invite) -> None:
    at_once(*[lambda n=n: tell(bot, recorded.join(number=n, person=n, link=invite.link)) for n in (1, 2, 3)])
    assert sorted(Join.objects.values_list("route", flat=True)) == ["invite_link", "link_shared", "link_shared"]
    assert not TelegramUpdate.objects.filter(processed_at=None).exists(), json.dumps(
        list(TelegramUpdate.objects.values_list("error", flat=True))
    )
