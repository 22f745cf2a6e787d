"""The sender's own event id: what every platform gets, once on its site."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from conversions.models import Conversion
from dispatch.events import outgoing_event
from tests.conftest import Api
from tests.factories import ChannelFactory, SiteFactory

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events/conversion"


@pytest.fixture
def event(site: Any, channel: Any, meta_pixel: Any) -> dict[str, Any]:
    return {
        "telegramUserId": 1,
        "siteId": site.pk,
        "channelId": channel.pk,
        "eventType": "Lead",
        "eventId": "order-1001_a",
        "fbp": "fb.1.1791990000000.1116446470",
        "userAgent": "Mozilla/5.0",
    }


def test_the_answer_names_the_senders_event_id(api: Api, event: dict[str, Any]) -> None:
    assert api.post(PATH, event).json()["eventId"] == "order-1001_a"


def test_platforms_get_the_senders_event_id(api: Api, event: dict[str, Any]) -> None:
    api.post(PATH, event)
    assert outgoing_event(Conversion.objects.get()).event_id == "order-1001_a"


def test_without_one_platforms_get_our_id(api: Api, event: dict[str, Any]) -> None:
    answer = api.post(PATH, {name: value for name, value in event.items() if name != "eventId"}).json()
    assert answer["eventId"] == answer["conversionId"]


def test_the_same_event_id_is_the_same_event(api: Api, event: dict[str, Any]) -> None:
    first, again = api.post(PATH, event).json(), api.post(PATH, event).json()
    assert (again["conversionId"], again["deduplicated"]) == (first["conversionId"], True)


def test_time_and_order_do_not_make_it_another(api: Api, event: dict[str, Any], time_machine: Any) -> None:
    first = api.post(PATH, event | {"orderId": "1"}).json()
    time_machine.move_to(timezone.now() + timedelta(days=30))
    assert api.post(PATH, event | {"orderId": "2"}).json()["conversionId"] == first["conversionId"]


@pytest.mark.parametrize("change", [{"telegramUserId": 2}, {"eventType": "Subscribe"}])
def test_another_event_may_not_have_it(api: Api, event: dict[str, Any], change: dict[str, Any]) -> None:
    api.post(PATH, event)
    response = api.post(PATH, event | change)
    assert (response.status_code, response.json()["error"]["details"][0]["field"]) == (400, "eventId")


def test_a_refused_event_leaves_nothing(api: Api, event: dict[str, Any]) -> None:
    api.post(PATH, event)
    api.post(PATH, event | {"telegramUserId": 2})
    assert list(Conversion.objects.values_list("lead__telegram_user_id", flat=True)) == [1]


def test_another_site_may_have_the_same(api: Api, event: dict[str, Any], account: Any) -> None:
    api.post(PATH, event)
    other = ChannelFactory(site=SiteFactory(account=account))
    elsewhere = event | {"siteId": other.site_id, "channelId": other.pk}
    assert api.post(PATH, elsewhere).json()["eventId"] == "order-1001_a"


@pytest.mark.parametrize("wrong", ["", "a" * 65, "a b", "a.b", "é", "a\n", "cnv_1", 7])
def test_a_malformed_one_is_refused(api: Api, event: dict[str, Any], wrong: Any) -> None:
    response = api.post(PATH, event | {"eventId": wrong})
    assert (response.status_code, "eventId" in response.json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize("own", [{"eventId": "order-1001_a"}, {}])
def test_conversions_are_found_by_event_id(api: Api, event: dict[str, Any], own: dict[str, str]) -> None:
    del event["eventId"]
    answer = api.post(PATH, event | own).json()
    api.post(PATH, event | {"telegramUserId": 2})
    found = api.get("/api/v1/conversions", {"eventId": answer["eventId"]}).json()["conversions"]
    assert [row["conversionId"] for row in found] == [answer["conversionId"]]


def test_validate_knows_the_same_event(api: Api, event: dict[str, Any]) -> None:
    first = api.post(PATH, event).json()
    assert api.post("/api/v1/events/validate", event).json()["duplicateOf"] == first["conversionId"]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_gets_it(api: Api, event: dict[str, Any]) -> None:
    def post(person: int) -> int:
        try:
            return Api(api.token).post(PATH, event | {"telegramUserId": person}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(post, range(1, 5))) == [200, 400, 400, 400]
